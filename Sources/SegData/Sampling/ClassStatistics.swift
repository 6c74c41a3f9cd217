import Foundation
import Support

/// How many pixels of each class each sample has: what class-balanced and repeat-factor sampling go by.
public struct ClassStatistics: Sendable, Codable, Equatable {
    public let classes: [String]
    /// See ``DatasetFingerprint``.
    public let fingerprint: String
    /// Where each sample's entries begin, and where the last one's end.
    private let starts: [UInt32]
    /// The classes that a sample has, ascending, and their pixels.
    private let ids: [UInt8]
    private let counts: [UInt32]

    /// - Parameter samples: the pixels of each class, for every sample.
    public init(classes: [String], fingerprint: String = "", samples: [[Int]]) {
        self.classes = classes
        self.fingerprint = fingerprint
        var (starts, ids, counts): ([UInt32], [UInt8], [UInt32]) = ([0], [], [])
        for sample in samples {
            for (id, count) in sample.enumerated() where count > 0 {
                ids.append(UInt8(id))
                counts.append(UInt32(count))
            }
            starts.append(UInt32(ids.count))
        }
        (self.starts, self.ids, self.counts) = (starts, ids, counts)
    }

    public var count: Int { starts.count - 1 }

    /// The pixels of each class in all samples.
    public var pixels: [Int] {
        var pixels = [Int](repeating: 0, count: classes.count)
        for (id, count) in zip(ids, counts) { pixels[Int(id)] += Int(count) }
        return pixels
    }

    /// The samples that have each class.
    public var images: [Int] {
        var images = [Int](repeating: 0, count: classes.count)
        for id in ids { images[Int(id)] += 1 }
        return images
    }

    /// The samples that have at least `pixels` of a class; those that have any where there is none such.
    func samples(ofClass wanted: Int, pixels: Int) -> [UInt32] {
        var (enough, any): ([UInt32], [UInt32]) = ([], [])
        for sample in 0..<count {
            for entry in Int(starts[sample])..<Int(starts[sample + 1]) where Int(ids[entry]) == wanted {
                any.append(UInt32(sample))
                if counts[entry] >= pixels { enough.append(UInt32(sample)) }
            }
        }
        return enough.isEmpty ? any : enough
    }

    /// How often each sample comes in an epoch of repeat-factor sampling; 1 for one without labels.
    func repeatFactors(threshold: Double) -> [Double] {
        let factors = images.map { max(1, (threshold * Double(count) / Double(max($0, 1))).squareRoot()) }
        return (0..<count).map { sample in
            ids[Int(starts[sample])..<Int(starts[sample + 1])].reduce(1) { max($0, factors[Int($1)]) }
        }
    }

    func expect(_ samples: Int) throws {
        guard count == samples else {
            throw UserError("the class statistics are of \(count) samples, the data set has \(samples)")
        }
        guard !ids.isEmpty else {
            throw UserError(
                "no sample has a label, so that none can be chosen by its classes", hint: "Use `sampling: shuffle`.")
        }
    }
}

extension ClassStatistics {
    /// Counts the labels of every sample on all cores; images are not decoded.
    /// - Parameter progress: called after each sample with the number done so far, from any thread, one call at a time.
    /// - Throws: `UserError` naming the first file that cannot be read.
    public init(
        counting dataset: any Dataset, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: (@Sendable (_ done: Int) -> Void)? = nil
    ) throws {
        let classes = dataset.classes.count
        let samples = try concurrentMap(dataset.count, threads: threads, progress: progress) { index in
            try dataset.open(index).labels().map { Array($0.histogram[..<classes]) } ?? []
        }
        self.init(classes: dataset.classes.names, fingerprint: DatasetFingerprint(dataset).text, samples: samples)
    }

    /// The statistics in `file`, if they are of these very data; else they are counted and written there.
    public init(
        cachedAt file: URL, for dataset: any Dataset, progress: (@Sendable (_ done: Int) -> Void)? = nil
    ) throws {
        if let data = try? Data(contentsOf: file), let stored = try? JSONDecoder().decode(ClassStatistics.self, from: data),
            stored.classes == dataset.classes.names, stored.count == dataset.count,
            stored.fingerprint == DatasetFingerprint(dataset).text
        {
            self = stored
            return
        }
        try self.init(counting: dataset, progress: progress)
        try AtomicFile.write(JSONEncoder().encode(self), to: file)
    }
}
