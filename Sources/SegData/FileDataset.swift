import Foundation
import Support
import Vision

/// Images and label PNGs in files: the engine behind CamVid, IDD-lite and anybody's own folders.
public struct FileDataset: Dataset {
    /// The files of one sample.
    public struct Item: Sendable, Equatable {
        public let name: String
        public let image: URL
        /// Nil for an image without labels.
        public let labels: URL?

        public init(name: String, image: URL, labels: URL?) {
            self.name = name
            self.image = image
            self.labels = labels
        }
    }

    public let classes: ClassList
    public let items: [Item]
    private let reader: LabelReader

    /// - Parameter ignoring: label values besides 255 that stand for no class; they are read as 255.
    public init(items: [Item], classes: ClassList, ignoring: Set<UInt8> = []) {
        self.items = items
        self.classes = classes
        reader = LabelReader(classes: classes, ignoring: ignoring)
    }

    public var count: Int { items.count }
    public func name(_ index: Int) -> String { items[index].name }

    /// - Throws: `UserError` naming the file when it is missing, damaged, of another size than its image, or has a label value
    ///   outside the class list.
    public func sample(_ index: Int) throws -> Sample {
        let item = items[index]
        let image = try Image(contentsOf: item.image)
        guard let url = item.labels else { return Sample(name: item.name, image: image, labels: nil) }
        let labels = try reader.read(url)
        guard labels.width == image.width, labels.height == image.height else {
            let turned = labels.width == image.height && labels.height == image.width
            throw UserError(
                "\(url.path): expected labels of \(image.width)×\(image.height) like \(item.image.path), found \(labels.width)×\(labels.height)",
                hint: turned
                    ? "The image's EXIF orientation turns it; labels must fit the upright picture. Turn them, or remove the tag."
                    : "Labels need the size of their image. Check that the pair belongs together.")
        }
        return Sample(name: item.name, image: image, labels: labels)
    }
}

/// Reads label PNGs, turns the ignored values into 255 and refuses values that are no class.
struct LabelReader: Sendable {
    let classes: ClassList
    private let table: [UInt8]
    private let isValid: [Bool]
    private let changesValues: Bool

    init(classes: ClassList, ignoring: Set<UInt8>) {
        self.classes = classes
        let ignored = ignoring.union([ClassList.ignore])
        table = (0...255).map { ignored.contains(UInt8($0)) ? ClassList.ignore : UInt8($0) }
        isValid = (0...255).map { $0 < classes.count || ignored.contains(UInt8($0)) }
        changesValues = ignored.count > 1
    }

    func read(_ url: URL) throws -> LabelMap {
        var labels = try LabelMap(contentsOf: url)
        var seen = [Bool](repeating: false, count: 256)
        labels.values.withUnsafeMutableBufferPointer { values in
            seen.withUnsafeMutableBufferPointer { seen in
                table.withUnsafeBufferPointer { table in
                    for index in values.indices {
                        let value = Int(values[index])
                        seen[value] = true
                        values[index] = table[value]
                    }
                }
            }
        }
        let wrong = (0...255).filter { seen[$0] && !isValid[$0] }
        if !wrong.isEmpty { throw outOfRange(wrong, url) }
        return labels
    }

    private func outOfRange(_ values: [Int], _ url: URL) -> UserError {
        let shown = values.prefix(8).map(String.init).joined(separator: ", ") + (values.count > 8 ? ", …" : "")
        return UserError(
            "\(url.path): expected label values 0 to \(classes.count - 1) (\(classes.names.joined(separator: ", "))) or 255, found \(shown)",
            hint: "If \(values.count == 1 ? "this value means" : "these values mean") \"no class\", list "
                + "\(values.count == 1 ? "it" : "them") under `ignore`; otherwise complete the class list. Labels that start at 1 must be moved down by one.")
    }
}
