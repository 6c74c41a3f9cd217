import Foundation
import Support
import Vision

/// Images with the objects that a teacher has found in them, instead of labels of their own.
///
/// As in ``UnlabelledDataset`` every pixel of an image counts as class 0. Images without objects are samples too.
public struct PseudoLabelledDataset: Dataset {
    public let instanceClasses: ClassList?
    private let base: UnlabelledDataset
    private let labels: PseudoLabels
    /// Of each sample: its image, and the annotations that are sure enough, as places in the file.
    private let places: [(image: Int, annotations: [Int])]
    private let categories: [Int: Int]

    /// - Parameters:
    ///   - base: the images; labels of theirs are not read.
    ///   - threshold: objects of lower scores are left out.
    ///   - classes: those that the labelled images have.
    /// - Throws: `UserError` when images are missing in the file, two have one name, or its classes are others.
    public init(_ base: any Dataset, _ labels: PseudoLabels, threshold: Double, classes: ClassList) throws {
        guard labels.classes.names == classes.names else {
            throw UserError(
                "\(labels.path): its classes are \(labels.classes.excerpt), the data's \(classes.excerpt)",
                hint: "The teacher of pseudo-labels tells the same classes apart as the student.")
        }
        let file = labels.file
        let images = Dictionary(uniqueKeysWithValues: file.images.enumerated().map { ($1.sampleName, $0) })
        let names = try PseudoLabels.uniqueNames(of: base)
        let missing = names.filter { images[$0] == nil }
        guard missing.isEmpty else {
            throw UserError(
                "\(labels.path): \(missing.count) of \(base.count) unlabelled images are not in it: \(excerpt(missing))",
                hint: "Write them anew: segdistill pseudo-label \(labels.info.teacher.path) RECIPE --out \(labels.path)")
        }
        let annotations = file.annotationsByImage.map { $0.filter { (file.annotations[$0].score ?? 0) >= threshold } }
        places = names.map { name in
            let image = images[name]!
            return (image, annotations[image])
        }
        let sorted = file.categories.sorted { $0.id < $1.id }
        categories = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1.id, $0) })
        instanceClasses = classes
        self.base = UnlabelledDataset(base)
        self.labels = labels
    }

    public var classes: ClassList { base.classes }
    public var count: Int { base.count }
    public var leftOut: [LeftOut] { base.leftOut }
    public func name(_ index: Int) -> String { base.name(index) }
    public func files(_ index: Int) -> [URL] { base.files(index) }
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }

    public func open(_ index: Int) throws -> any SampleReader {
        let (reader, place) = (try base.open(index), places[index])
        let image = labels.file.images[place.image]
        guard reader.size == Size(width: image.width, height: image.height) else {
            throw SampleError(
                kind: .size,
                message:
                    "\(labels.path): \(reader.name) was \(image.width)×\(image.height) when its objects were found, it is \(reader.size)",
                hint: "The images have changed: write the pseudo-labels anew.")
        }
        return PseudoLabelledSample(base: reader) {
            labels.file.instances(of: place.image, annotations: place.annotations) { categories[$0] }
        }
    }
}

private struct PseudoLabelledSample: SampleAdapter {
    let base: any SampleReader
    let found: () -> [Instance]

    func instances() -> [Instance]? { found() }
}
