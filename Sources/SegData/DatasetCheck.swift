import Foundation
import Support
import Vision

/// What a data set holds and what is wrong with it, found by reading all of it on all cores before training starts.
public struct DatasetCheck: Sendable {
    public struct Problem: Sendable, Equatable {
        public let index: Int
        public let name: String
        /// What was expected, what was found, what to do; names the file.
        public let message: String
    }

    public let classes: ClassList
    public let count: Int
    /// Samples that cannot be used, in the data set's order.
    public private(set) var problems: [Problem] = []
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
                let finding = Finding(dataset, index)
                shared.add(finding, progress)
            }
        }
        self = shared.check
        problems.sort { $0.index < $1.index }
    }

    /// Samples without a problem.
    public var usableCount: Int { count - problems.count }

    /// Classes that no labelled pixel has.
    public var absentClasses: [String] { zip(classes.names, pixels).filter { $1 == 0 }.map(\.0) }

    /// - Throws: `UserError` with the first problems, when there are any.
    public func validate() throws {
        guard let first = problems.first else { return }
        if problems.count == 1 { throw UserError(first.message) }
        let shown = problems.prefix(5).map(\.message).joined(separator: "\n")
        let rest = problems.count > 5 ? "\n… and \(problems.count - 5) more" : ""
        throw UserError("\(problems.count) of \(count) samples cannot be used:\n\(shown)\(rest)")
    }

    // MARK: Details

    private init(empty dataset: any Dataset) {
        classes = dataset.classes
        count = dataset.count
        pixels = .init(repeating: 0, count: dataset.classes.count)
        images = pixels
    }

    /// What one sample adds.
    private struct Finding {
        let index: Int
        var problem: Problem?
        var size: Size?
        var histogram: [Int]?

        init(_ dataset: any Dataset, _ index: Int) {
            self.index = index
            do {
                let sample = try dataset.sample(index)
                size = Size(width: sample.image.width, height: sample.image.height)
                histogram = sample.labels?.histogram
                if let labels = sample.labels, labels.width != sample.image.width || labels.height != sample.image.height {
                    throw UserError("\(sample.name): the image has \(size!), its labels \(labels.width)×\(labels.height)")
                }
                if let wrong = histogram?.indices.first(where: { $0 != 255 && $0 >= dataset.classes.count && histogram![$0] > 0 }) {
                    throw UserError(
                        "\(sample.name): expected label values 0 to \(dataset.classes.count - 1) "
                            + "(\(dataset.classes.names.joined(separator: ", "))) or 255, found \(wrong)")
                }
            } catch {
                problem = Problem(index: index, name: dataset.name(index), message: "\(error)")
            }
        }
    }

    private mutating func add(_ finding: Finding) {
        if let problem = finding.problem {
            problems.append(problem)
            return
        }
        if let size = finding.size { sizes[size, default: 0] += 1 }
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

        func add(_ finding: Finding, _ progress: ((Int) -> Void)?) {
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
