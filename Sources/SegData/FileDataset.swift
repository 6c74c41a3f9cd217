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
    public func files(_ index: Int) -> [URL] { [items[index].image] + (items[index].labels.map { [$0] } ?? []) }

    /// - Throws: `UserError` naming the file when it is missing, damaged, of another size than its image, or has a label value
    ///   outside the class list.
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }

    public func open(_ index: Int) throws -> any SampleReader {
        let item = items[index]
        let image = try EncodedImage(contentsOf: item.image)
        return FileSample(item.name, image) { try item.labels.map { try read($0, of: image, item) } }
    }

    private func read(_ url: URL, of image: EncodedImage, _ item: Item) throws -> LabelMap {
        let labels = try reader.read(url)
        guard labels.width == image.width, labels.height == image.height else {
            let turned = labels.width == image.height && labels.height == image.width
            throw UserError(
                "\(url.path): expected labels of \(image.width)×\(image.height) like \(item.image.path), found \(labels.width)×\(labels.height)",
                hint: turned
                    ? "The image's EXIF orientation turns it; labels must fit the upright picture. Turn them, or remove the tag."
                    : "Labels need the size of their image. Check that the pair belongs together.")
        }
        return labels
    }
}

/// Reads label PNGs, turns the ignored values into 255 and refuses values that are no class.
struct LabelReader: Sendable {
    let classes: ClassList
    private let ignored: [UInt8]

    init(classes: ClassList, ignoring: Set<UInt8>) {
        self.classes = classes
        ignored = ignoring.subtracting([ClassList.ignore]).sorted()
    }

    func read(_ url: URL) throws -> LabelMap {
        var labels = try LabelMap(contentsOf: url)
        let count = UInt8(classes.count)
        let isWrong = labels.values.withUnsafeMutableBufferPointer { values in
            guard let start = values.baseAddress else { return false }
            for value in ignored { Self.ignore(value, start, values.count) }
            return Self.holdsValue(from: count, start, values.count)
        }
        guard isWrong else { return labels }
        let histogram = labels.histogram
        throw outOfRange((classes.count..<Int(ClassList.ignore)).filter { histogram[$0] > 0 }, url)
    }

    // Labels are read for every step: loops without lookups or exits, which the compiler turns into vector code.

    private static func ignore(_ value: UInt8, _ labels: UnsafeMutablePointer<UInt8>, _ count: Int) {
        for index in 0..<count { labels[index] |= labels[index] == value ? ClassList.ignore : 0 }
    }

    /// Whether there is a value from `bound` on that is not 255.
    private static func holdsValue(from bound: UInt8, _ labels: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var found: UInt8 = 0
        // Adding 1 turns 255 into 0, so one comparison finds the values in between.
        for index in 0..<count { found |= labels[index] &+ 1 > bound ? 1 : 0 }
        return found != 0
    }

    private func outOfRange(_ values: [Int], _ url: URL) -> UserError {
        let shown = values.prefix(8).map(String.init).joined(separator: ", ") + (values.count > 8 ? ", …" : "")
        return UserError(
            "\(url.path): expected label values 0 to \(classes.count - 1) (\(classes.names.joined(separator: ", "))) or 255, found \(shown)",
            hint: "If \(values.count == 1 ? "this value means" : "these values mean") \"no class\", list "
                + "\(values.count == 1 ? "it" : "them") under `ignore`; otherwise complete the class list. Labels that start at 1 must be moved down by one."
        )
    }
}
