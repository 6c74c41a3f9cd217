import Foundation
import Support
import Vision

/// Images, label PNGs and object files: the engine behind the official layouts and anybody's own folders.
public struct FileDataset: Dataset {
    /// The files of one sample.
    public struct Item: Sendable, Equatable {
        public let name: String
        public let image: URL
        /// Nil for an image without labels.
        public let labels: URL?
        /// What tells the objects apart, a file or a folder; nil where there is none.
        public let objects: URL?

        public init(name: String, image: URL, labels: URL?, objects: URL? = nil) {
            self.name = name
            self.image = image
            self.labels = labels
            self.objects = objects
        }
    }

    public let classes: ClassList
    public let instanceClasses: ClassList?
    public let items: [Item]
    public private(set) var leftOut: [LeftOut] = []
    private let reader: LabelReader
    private let objects: ObjectReader?

    /// - Parameter coding: how the label files' pixels stand for classes.
    public init(items: [Item], classes: ClassList, coding: LabelCoding = .indices(ignoring: [])) {
        self.init(items: items, classes: classes, coding: coding, instanceClasses: nil, objects: nil)
    }

    init(items: [Item], classes: ClassList, coding: LabelCoding, instanceClasses: ClassList?, objects: ObjectReader?) {
        self.items = items
        self.classes = classes
        self.instanceClasses = instanceClasses
        self.objects = objects
        reader = LabelReader(classes: classes, coding: coding)
    }

    /// - Parameter leavingOutUnpaired: see ``DatasetOptions/leavesOutUnpaired``.
    /// - Throws: `UserError` when a folder or a listed image is missing, or images and labels do not pair up.
    init(
        _ pairings: [FilePairing], classes: ClassList, coding: LabelCoding = .indices(ignoring: []), instanceClasses: ClassList? = nil,
        objects: ObjectReader? = nil, leavingOutUnpaired: Bool = false
    ) throws {
        let found = try pairings.map { try $0.pair() }
        if !leavingOutUnpaired, let problem = found.compactMap(\.problem).first { throw problem }
        self.init(
            items: found.flatMap(\.items), classes: classes, coding: coding, instanceClasses: instanceClasses, objects: objects)
        leftOut = found.flatMap(\.leftOut)
    }

    public var count: Int { items.count }
    public func name(_ index: Int) -> String { items[index].name }
    public func files(_ index: Int) -> [URL] {
        let item = items[index]
        return [item.image, item.labels, item.objects].compactMap { $0 }
    }

    /// - Throws: `UserError` naming the file when it is missing, damaged or of another size than its image, and
    ///   ``LabelValueError`` when it has a label value outside the class list.
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }

    public func open(_ index: Int) throws -> any SampleReader { try items[index].open(reader, objects) }
}

extension FileDataset.Item {
    /// Reads the image's header, and the files when they are asked for; those of another size than the image are refused.
    func open(_ labelReader: LabelReader, _ objectReader: ObjectReader? = nil) throws -> any SampleReader {
        let image = try EncodedImage(contentsOf: image)
        return FileSample(name, image) {
            try labels.map { url in
                let labels = try labelReader.read(url)
                try expectSize(labels.width, labels.height, of: image, url)
                return labels
            }
        } instances: { labels in
            guard let objectReader, let objects else { return nil }
            let instances = try objectReader.read(objects, Size(width: image.width, height: image.height), labels)
            for mask in instances.lazy.map(\.mask) { try expectSize(mask.width, mask.height, of: image, objects) }
            return instances
        }
    }

    private func expectSize(_ width: Int, _ height: Int, of image: EncodedImage, _ url: URL) throws {
        guard width != image.width || height != image.height else { return }
        throw SampleError(
            kind: .size,
            message: "\(url.path): expected labels of \(image.width)×\(image.height) like \(image.name), found \(width)×\(height)",
            hint: width == image.height && height == image.width
                ? "The image's EXIF orientation turns it; labels must fit the upright picture. Turn them, or remove the tag."
                : "Labels need the size of their image. Check that the pair belongs together.")
    }
}
