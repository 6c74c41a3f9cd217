import Support
import Vision

/// What one sample adds to a ``DatasetCheck``.
struct SampleFinding {
    let index: Int
    var problem: DatasetCheck.Problem?
    /// The values of a label file that was refused for them.
    var refused: LabelValueError?
    var size: Size?
    var histogram: [Int]?
    var hash: PerceptualHash?
    /// The class of each object.
    var categories: [Int] = []

    init(_ dataset: any Dataset, _ index: Int) {
        self.index = index
        do {
            let sample = try dataset.sample(index)
            size = Size(width: sample.image.width, height: sample.image.height)
            histogram = sample.labels?.histogram
            hash = PerceptualHash(sample.image)
            if let labels = sample.labels { try Self.check(labels, sample, dataset.classes) }
            for (number, instance) in (sample.instances ?? []).enumerated() { try Self.check(instance, number, sample) }
            categories = sample.instances?.map(\.category) ?? []
        } catch {
            refused = error as? LabelValueError
            let kind: DatasetCheck.ProblemKind =
                switch (error as? SampleError)?.kind {
                case .size: .size
                case .objects: .objects
                case nil: refused == nil ? .broken : .value
                }
            // The first line says what is wrong, the others what to do.
            let lines = "\(error)".split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            problem = .init(
                kind: kind, index: index, name: dataset.name(index), message: lines.first ?? "",
                hint: lines.count > 1 ? lines.dropFirst().joined(separator: " ") : nil)
        }
    }

    private static func check(_ labels: LabelMap, _ sample: Sample, _ classes: ClassList) throws {
        guard labels.width == sample.image.width, labels.height == sample.image.height else {
            throw SampleError(
                kind: .size,
                message:
                    "\(sample.name): the image has \(sample.image.width)×\(sample.image.height), its labels \(labels.width)×\(labels.height)",
                hint: "Labels need the size of their image.")
        }
        let histogram = labels.histogram
        if (classes.count..<Int(ClassList.ignore)).contains(where: { histogram[$0] > 0 }) {
            throw LabelValueError(file: sample.name, classes: classes, histogram: histogram) { $0 < classes.count }
        }
    }

    private static func check(_ instance: Instance, _ number: Int, _ sample: Sample) throws {
        let name = "\(sample.name): object \(instance.id.map(String.init) ?? "no. \(number + 1)")"
        func disagree(_ text: String) -> SampleError {
            SampleError(kind: .objects, message: "\(name) \(text)", hint: "Correct the annotation, or take it out.")
        }
        let own = Box(instance.mask)
        guard own.width > 0 else { throw disagree("has an empty mask") }
        let box = instance.box
        guard box.width > 0, box.height > 0 else { throw disagree("has a box of \(box.width)×\(box.height)") }
        guard instance.isCrowd || box.overlap(own) >= 0.5 else {
            throw disagree("has its mask at (\(own.text)), its box at (\(box.text)); left, top, width, height")
        }
    }
}

extension Box {
    /// Intersection over union, both widened by a pixel on every side: annotators round in different ways.
    fileprivate func overlap(_ other: Box) -> Double {
        let across = min(x + width, other.x + other.width) - max(x, other.x) + 2
        let down = min(y + height, other.y + other.height) - max(y, other.y) + 2
        guard across > 0, down > 0 else { return 0 }
        let areas = (width + 2) * (height + 2) + (other.width + 2) * (other.height + 2)
        return across * down / (areas - across * down)
    }

    fileprivate var text: String { [x, y, width, height].map { fixed($0, 0) }.joined(separator: ", ") }
}
