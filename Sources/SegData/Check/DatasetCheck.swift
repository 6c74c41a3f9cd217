import Foundation
import Support
import Vision

/// What a data set holds and what is wrong with it, found by reading all of it on all cores before training starts.
public struct DatasetCheck: Sendable {
    /// What can be wrong with a sample.
    public enum ProblemKind: String, Sendable, CaseIterable {
        case unpaired = "missing pair"
        case broken = "broken file"
        case size = "sizes differ"
        case value = "ids out of range"
        case objects = "box and mask disagree"
    }

    public struct Problem: Sendable, Equatable {
        public let kind: ProblemKind
        /// The sample's place in the data set; nil for a file that belongs to none.
        public let index: Int?
        public let name: String
        /// What was expected and what was found; names the file.
        public let message: String
        /// What to do.
        public let hint: String?
    }

    public let classes: ClassList
    public let instanceClasses: ClassList?
    public let count: Int
    /// What cannot be used: files without a partner, then samples in the data set's order.
    public private(set) var problems: [Problem]
    /// Samples without labels.
    public private(set) var unlabelled = 0
    /// Images of each size.
    public private(set) var sizes: [Size: Int] = [:]
    /// Labelled pixels of each class.
    public private(set) var pixels: [Int]
    /// Images in which each class appears.
    public private(set) var images: [Int]
    /// Pixels with the value 255.
    public private(set) var ignoredPixels = 0
    /// Objects of each class.
    public private(set) var objects: [Int]
    /// How many pixels of the refused label files have each of the 256 values.
    public private(set) var refusedValues = [Int](repeating: 0, count: 256)
    /// The values for which label files were refused.
    public private(set) var unknownValues: Set<Int> = []
    /// Each sample's gist, by its index; nil for those that cannot be used.
    public private(set) var hashes: [PerceptualHash?]

    /// Reads every sample.
    /// - Parameter progress: called after each sample with the number done so far, from any thread, one call at a time.
    public init(
        _ dataset: any Dataset, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: (@Sendable (_ done: Int) -> Void)? = nil
    ) {
        self.init(empty: dataset)
        let shared = Shared(self)
        DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
            while let index = shared.claim() {
                let finding = SampleFinding(dataset, index)
                shared.add(finding, progress)
            }
        }
        self = shared.check
        problems.sort { ($0.index ?? -1) < ($1.index ?? -1) }
    }

    /// Samples without a problem.
    public var usableCount: Int { count - Set(problems.compactMap(\.index)).count }

    /// Classes that no labelled pixel has.
    public var absentClasses: [String] { zip(classes.names, pixels).filter { $1 == 0 }.map(\.0) }

    /// - Throws: `UserError` with the first problems, when there are any.
    public func validate() throws {
        guard let first = problems.first else { return }
        if problems.count == 1 { throw UserError(first.message, hint: first.hint) }
        let shown = problems.prefix(5).map { "  " + $0.message }.joined(separator: "\n")
        let rest = problems.count > 5 ? "\n  … and \(problems.count - 5) more" : ""
        throw UserError(
            "\(problems.count) of \(count) samples cannot be used:\n\(shown)\(rest)",
            hint: (first.hint.map { $0 + " " } ?? "") + "'data.badSamples: skip' puts them aside and trains on the others.")
    }

    // MARK: Details

    private init(empty dataset: any Dataset) {
        classes = dataset.classes
        instanceClasses = dataset.instanceClasses
        count = dataset.count
        pixels = .init(repeating: 0, count: dataset.classes.count)
        images = pixels
        objects = .init(repeating: 0, count: dataset.instanceClasses?.count ?? 0)
        hashes = .init(repeating: nil, count: dataset.count)
        problems = dataset.leftOut.map { Problem(kind: .unpaired, index: nil, name: $0.name, message: $0.message, hint: nil) }
    }

    private mutating func add(_ finding: SampleFinding) {
        if let refused = finding.refused {
            for value in refusedValues.indices { refusedValues[value] += refused.histogram[value] }
            unknownValues.formUnion(refused.unknown)
        }
        if let problem = finding.problem {
            problems.append(problem)
            return
        }
        if let size = finding.size { sizes[size, default: 0] += 1 }
        hashes[finding.index] = finding.hash
        for category in finding.categories { objects[category] += 1 }
        guard let histogram = finding.histogram else {
            unlabelled += 1
            return
        }
        ignoredPixels += histogram[Int(ClassList.ignore)]
        for index in pixels.indices {
            pixels[index] += histogram[index]
            images[index] += histogram[index] > 0 ? 1 : 0
        }
    }

    private final class Shared: @unchecked Sendable {
        private let lock = NSLock()
        private(set) var check: DatasetCheck
        private var claimed = 0
        private var done = 0

        init(_ check: DatasetCheck) { self.check = check }

        func claim() -> Int? {
            lock.withLock {
                guard claimed < check.count else { return nil }
                defer { claimed += 1 }
                return claimed
            }
        }

        func add(_ finding: SampleFinding, _ progress: ((Int) -> Void)?) {
            lock.withLock {
                check.add(finding)
                done += 1
                progress?(done)
            }
        }
    }
}

extension LabelMap {
    /// How many pixels have each of the 256 values.
    public var histogram: [Int] {
        var counts = [Int](repeating: 0, count: 256)
        values.withUnsafeBufferPointer { values in
            counts.withUnsafeMutableBufferPointer { counts in
                for value in values { counts[Int(value)] &+= 1 }
            }
        }
        return counts
    }
}
