import Foundation
import Support
import Vision

/// How many objects pseudo-labels have, how sure their teacher is of them, and how large they are.
public struct PseudoLabelStatistics: Sendable, Equatable {
    public let images: Int
    /// Objects of each class.
    public let objects: [Int]
    /// Objects by score: 0 to 0.1, 0.1 to 0.2, …, 0.9 to 1.
    public let scores: [Int]
    /// Of each image, ascending.
    public let objectsPerImage: [Int]
    /// Of each object in pixels, ascending.
    public let areas: [Int]
    private let labels: PseudoLabels

    public init(_ labels: PseudoLabels) {
        self.labels = labels
        let file = labels.file
        images = file.images.count
        let sorted = file.categories.sorted { $0.id < $1.id }
        let places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1.id, $0) })
        var objects = [Int](repeating: 0, count: sorted.count)
        var scores = [Int](repeating: 0, count: 10)
        var areas: [Int] = []
        for annotation in file.annotations {
            if let place = places[annotation.category] { objects[place] += 1 }
            scores[Int(min(9, max(0, (annotation.score ?? 0) * 10)))] += 1
            if case .runs(let mask) = annotation.segmentation { areas.append(mask.area) }
        }
        (self.objects, self.scores, self.areas) = (objects, scores, areas.sorted())
        objectsPerImage = file.annotationsByImage.map(\.count).sorted()
    }

    /// Images in which nothing was found.
    public var emptyImages: Int { objectsPerImage.prefix { $0 == 0 }.count }

    /// Objects by area as COCO divides them: below 32², below 96², larger.
    public var sizes: (small: Int, medium: Int, large: Int) {
        let small = areas.prefix { $0 < 32 * 32 }.count
        let medium = areas.prefix { $0 < 96 * 96 }.count - small
        return (small, medium, areas.count - small - medium)
    }

    /// For the terminal.
    public var text: String {
        let (info, total) = (labels.info, objects.reduce(0, +))
        func share(_ count: Int) -> String { total == 0 ? "–" : percentage(Double(count) / Double(total)) }
        var classes = TextTable([.init("class"), .init("objects", .right), .init("%", .right)])
        for (name, count) in zip(labels.classes.names, objects) { classes.append([name, String(count), share(count)]) }
        var histogram = TextTable([.init("score"), .init("objects", .right), .init("%", .right), .init("")])
        let most = max(1, scores.max() ?? 1)
        for (place, count) in scores.enumerated() where count > 0 || Double(place + 1) / 10 > info.threshold {
            let bar = String(repeating: "█", count: (count * 30 + most - 1) / most)
            histogram.append(["\(fixed(Double(place) / 10, 1))–\(fixed(Double(place + 1) / 10, 1))", String(count), share(count), bar])
        }
        let (small, medium, large) = sizes
        var area = TextTable([.init("area"), .init("objects", .right), .init("%", .right)])
        for (name, count) in [("small, below 32²", small), ("medium, below 96²", medium), ("large", large)] {
            area.append([name, String(count), share(count)])
        }
        var spread = TextTable([.init(""), .init("least", .right), .init("median", .right), .init("mean", .right), .init("most", .right)])
        for (name, values) in [("objects an image", objectsPerImage), ("pixels an object", areas)] where !values.isEmpty {
            let mean = Double(values.reduce(0, +)) / Double(values.count)
            spread.append([name, String(values[0]), String(values[values.count / 2]), fixed(mean, 1), String(values[values.count - 1])])
        }
        let heading =
            "\(total) objects of at least \(info.threshold) in \(images) images of \(info.dataset), \(emptyImages) of them without any\n"
            + "teacher \(info.teacher.name), \(info.teacher.path), SHA-256 \(info.teacher.digest)"
        return ([heading] + [spread, classes, histogram, area].map(\.text)).joined(separator: "\n\n")
    }
}
