import Support
import Vision

/// A detection as Cityscapes' results have it.
public struct CityscapesDetection: Sendable {
    /// The label id, not the train id.
    public let label: Int
    public let confidence: Double
    /// Its pixels are those that are not 0.
    public let mask: LabelMap
    /// What messages call it.
    public let name: String

    public init(label: Int, confidence: Double, mask: LabelMap, name: String) {
        self.label = label
        self.confidence = confidence
        self.mask = mask
        self.name = name
    }
}

/// What one image's detections share with its objects.
public struct CityscapesMatches: Sendable {
    struct Truth {
        let isGroup: Bool
        let pixels: Int

        /// Objects below this many pixels are not to be found.
        static let fewestPixels = 100

        var counts: Bool { !isGroup && !isSmall }
        var isSmall: Bool { pixels < Self.fewestPixels }
    }

    struct Detection {
        let confidence: Double
        let pixels: Int
        let void: Int
        /// Of each truth that it meets, by rising index, the shared pixels.
        let shared: [(truth: Int, pixels: Int)]

        func overlap(_ truth: Truth, _ shared: Int) -> Double { Double(shared) / Double(truth.pixels + pixels - shared) }
    }

    /// By scored class.
    var truths: [[Truth]]
    var detections: [[Detection]]
    private(set) var unscored: [Int: Int] = [:]

    /// - Parameters:
    ///   - truth: the image's `instanceIds`.
    ///   - detections: called with a function that takes each detection in turn, so that one mask at a time is in memory.
    /// - Throws: `UserError` naming the detection for a mask of another size than the truth and for a label id that does not exist.
    public init(_ truth: InstanceMap, detections: ((CityscapesDetection) throws -> Void) throws -> Void) throws {
        var pixels = [Int](repeating: 0, count: 1 << 16)
        for value in truth.values { pixels[Int(value)] += 1 }
        let labels = CityscapesLabels.scored.map(\.id)
        truths = .init(repeating: [], count: labels.count)
        self.detections = .init(repeating: [], count: labels.count)
        var values = [[UInt16]](repeating: [], count: labels.count)
        for (value, count) in pixels.enumerated() where count > 0 {
            let value = UInt16(value)
            guard let index = labels.firstIndex(of: CityscapesLabels.label(value)) else { continue }
            truths[index].append(Truth(isGroup: value < CityscapesLabels.instanceFactor, pixels: count))
            values[index].append(value)
        }
        var shared = [Int](repeating: 0, count: 1 << 16)
        try detections { detection in
            guard detection.mask.width == truth.width, detection.mask.height == truth.height else {
                throw UserError(
                    "\(detection.name): expected a mask of \(truth.width)×\(truth.height) like the truth, "
                        + "found \(detection.mask.width)×\(detection.mask.height)")
            }
            guard CityscapesLabels.known.contains(detection.label) else {
                throw UserError(
                    "\(detection.name): there is no Cityscapes label \(detection.label)",
                    hint: "Results have label ids (24 for person), not train ids.")
            }
            guard let index = labels.firstIndex(of: detection.label) else {
                unscored[detection.label, default: 0] += 1
                return
            }
            var area = 0
            for index in shared.indices { shared[index] = 0 }
            for (value, inside) in zip(truth.values, detection.mask.values) where inside != 0 {
                shared[Int(value)] += 1
                area += 1
            }
            guard area > 0 else { return }
            let meetings = values[index].enumerated().compactMap { number, value in
                shared[Int(value)] > 0 ? (truth: number, pixels: shared[Int(value)]) : nil
            }
            self.detections[index].append(
                Detection(
                    confidence: detection.confidence, pixels: area,
                    void: CityscapesLabels.void.reduce(0) { $0 + shared[Int($1)] }, shared: meetings))
        }
    }
}
