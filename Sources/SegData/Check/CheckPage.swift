import Foundation
import Support
import Vision

/// A page with the pictures of a check: labels laid over images beside a legend, faults, and images that are alike.
public struct CheckPage {
    /// A split that was checked.
    public struct Part {
        public let name: String
        public let dataset: any Dataset
        public let check: DatasetCheck

        public init(name: String, dataset: any Dataset, check: DatasetCheck) {
            self.name = name
            self.dataset = dataset
            self.check = check
        }
    }

    private let parts: [Part]
    private let duplicates: Duplicates
    /// Pictures a split, faults a split, groups of alike images.
    private let limits = (pictures: 24, faults: 12, groups: 12)

    public init(_ parts: [Part], _ duplicates: Duplicates) {
        self.parts = parts
        self.duplicates = duplicates
    }

    /// Writes `check.html` and the pictures that it shows into a folder, which is made if need be.
    /// - Throws: when a file cannot be written.
    public func write(to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var body = ""
        for (number, part) in parts.enumerated() {
            body += "<h2>\(escaped(part.name))</h2>\n" + warnings(part.check) + (try faults(part, number, folder))
            body += (try overlays(part, number, folder)) + legend(part)
        }
        body += try alike("Alike in several splits", duplicates.across, "across", folder)
        body += try alike("Alike in one split", duplicates.within, "within", folder)
        try AtomicFile.write(Data(Self.page(body).utf8), to: folder.appendingPathComponent("check.html"))
    }

    // MARK: Sections

    private func warnings(_ check: DatasetCheck) -> String {
        check.suspicions.map { "<p class=warning><b>\(escaped($0.title))</b>: \(escaped($0.message))</p>\n" }.joined()
    }

    private func faults(_ part: Part, _ number: Int, _ folder: URL) throws -> String {
        guard !part.check.problems.isEmpty else { return "" }
        let shown = part.check.problems.prefix(limits.faults).enumerated()
        let items = try shown.map { place, problem in
            // The image may well be readable though its labels are not.
            let image = problem.index.flatMap { part.dataset.files($0).first }.flatMap { try? Image(contentsOf: $0) }
            let picture = try image.map { try figure($0, "fault-\(number)-\(place)", folder) } ?? ""
            return "<li>\(picture)<b>\(problem.kind.rawValue)</b> \(escaped(problem.message))</li>\n"
        }
        return "<h3>\(part.check.problems.count) faults</h3>\n<ul>\n\(items.joined())</ul>\n"
    }

    private func overlays(_ part: Part, _ number: Int, _ folder: URL) throws -> String {
        let usable = part.check.hashes.indices.filter { part.check.hashes[$0] != nil }
        let count = min(usable.count, limits.pictures)
        let figures = try (0..<count).map { place in
            let sample = try part.dataset.sample(usable[place * usable.count / count])
            let image = overlay(sample, part.dataset)
            return
                "<figure>\(try figure(image, "sample-\(number)-\(place)", folder))<figcaption>\(escaped(sample.name))</figcaption></figure>\n"
        }
        return "<div class=sheet>\n\(figures.joined())</div>\n"
    }

    private func overlay(_ sample: Sample, _ dataset: any Dataset) -> Image {
        var image = sample.image.rgb
        if let labels = sample.labels { image = image.overlaid(with: labels, palette: dataset.classes.palette) }
        guard let instances = sample.instances, sample.labels == nil || !instances.isEmpty else { return image }
        // Objects of one class lie side by side: each has a colour of its own.
        var objects = LabelMap(width: image.width, height: image.height)
        for (number, instance) in instances.enumerated() { instance.mask.paint(UInt8(number % 254 + 1), into: &objects) }
        return image.overlaid(with: objects, palette: .pascalVOC, opacity: 0.4, clear: 0)
    }

    private func legend(_ part: Part) -> String {
        let check = part.check
        let total = Double(max(1, check.pixels.reduce(0, +) + check.ignoredPixels))
        let items = check.classes.entries.enumerated().map { index, entry in
            let share = String(format: "%.2f%%", 100 * Double(check.pixels[index]) / total)
            let color = entry.color.map(String.init).joined(separator: ",")
            return "<li><span style=\"background:rgb(\(color))\"></span>\(index) \(escaped(entry.name)) <small>\(share)</small></li>"
        }
        return "<ul class=legend>\(items.joined())</ul>\n"
    }

    private func alike(_ title: String, _ groups: [[Duplicates.Place]], _ name: String, _ folder: URL) throws -> String {
        guard !groups.isEmpty else { return "" }
        let rows = try groups.prefix(limits.groups).enumerated().map { row, group in
            let figures = try group.prefix(4).enumerated().map { column, place in
                let part = parts[place.split]
                let image = try part.dataset.sample(place.index).image
                let caption = escaped("\(part.name): \(part.dataset.name(place.index))")
                return "<figure>\(try figure(image, "\(name)-\(row)-\(column)", folder))<figcaption>\(caption)</figcaption></figure>"
            }
            return "<div class=sheet>\(figures.joined())</div>\n"
        }
        return "<h2>\(title): \(groups.count) groups</h2>\n" + rows.joined()
    }

    // MARK: Files

    /// Writes a picture and returns the element that shows it.
    private func figure(_ image: Image, _ name: String, _ folder: URL) throws -> String {
        let small = image.fitting(longerSide: 480)
        try small.write(to: folder.appendingPathComponent(name + ".jpg"), quality: 90)
        return "<img src=\"\(name).jpg\" width=\(small.width) height=\(small.height) loading=lazy>"
    }

    private func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }

    private static func page(_ body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang=en><meta charset=utf-8><title>Data check</title>
        <style>
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 1500px; padding: 0 1rem; background: #fff; color: #222 }
        .sheet { display: flex; flex-wrap: wrap; gap: .6rem } figure { margin: 0 }
        figcaption { font-size: .75rem; color: #666; width: 0; min-width: 100%; overflow-wrap: anywhere }
        img { max-width: 100%; height: auto; display: block } ul { list-style: none; padding: 0 } .warning { background: #fff3cd; padding: .4rem .8rem }
        .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem } .legend span { display: inline-block; width: 1em; height: 1em; margin-right: .4em }
        </style>
        \(body)</html>

        """
    }
}
