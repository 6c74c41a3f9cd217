import Foundation
import Support
import Vision

extension PackedDataset {
    /// Packs a data set into a file: JPEG files as they are, all other images as raw RGB, labels as ``RowRuns``.
    ///
    /// - Parameters:
    ///   - quality: stores images that are no JPEG files as JPEGs of this quality (1...100), which takes a tenth of the room and is
    ///     no longer exact; nil for raw RGB.
    ///   - progress: called with the number of samples done so far.
    /// - Throws: `UserError` naming the first sample that cannot be read, or when the disk is full; `file` is then untouched.
    public static func write(
        _ dataset: any Dataset, to file: URL, quality: Int? = nil, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
        progress: (_ done: Int) -> Void = { _ in }
    ) throws {
        let fingerprint = DatasetFingerprint(dataset).text
        try AtomicFile.write(to: file) { handle in
            try handle.write(contentsOf: Data(count: PackLayout.headerBytes))
            var position = PackLayout.headerBytes
            var entries = Data()
            // Samples of one round are in memory together.
            let round = 4 * threads
            for start in stride(from: 0, to: dataset.count, by: round) {
                let samples = try concurrentMap(min(round, dataset.count - start), threads: threads) {
                    try PackedParts(dataset.open(start + $0), quality: quality)
                }
                for sample in samples {
                    var entry = sample.entry
                    func store(_ bytes: [UInt8]) throws -> Range<Int> {
                        try handle.write(contentsOf: Data(bytes))
                        position += bytes.count
                        return position - bytes.count..<position
                    }
                    entry.image = try store(sample.image)
                    entry.labels = try store(sample.labels)
                    entry.instances = try store(sample.instances)
                    entries += entry.data
                }
                progress(start + samples.count)
            }
            try handle.write(contentsOf: entries)
            try handle.seek(toOffset: 0)
            let header = PackLayout.header(
                count: dataset.count, entries: position, hasInstances: dataset.instanceClasses != nil, fingerprint: fingerprint)
            try handle.write(contentsOf: header)
        }
    }
}

/// A sample's bytes as they are stored.
private struct PackedParts: Sendable {
    var entry = PackLayout.Entry()
    let image: [UInt8]
    let labels: [UInt8]
    let instances: [UInt8]

    init(_ sample: any SampleReader, quality: Int?) throws {
        (entry.width, entry.height) = (sample.size.width, sample.size.height)
        if let encoded = sample.encoded, encoded.format == .jpeg {
            // Files that are damaged are found now.
            _ = try encoded.decode()
            (image, entry.isJPEG) = (encoded.bytes, true)
        } else {
            let region = PixelRegion(columns: 0..<entry.width, rows: 0..<entry.height)
            let whole = try sample.image(region, divisor: 1).content
            image = try quality.map { try Array(JPEG.encode(whole, quality: $0)) } ?? whole.pixels
            entry.isJPEG = quality != nil
        }
        labels = try sample.labels().map(RowRuns.encode) ?? []
        instances =
            try sample.instances().map { instances in
                Instance.pack(instances).flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * UInt32($0))) } }
            } ?? []
    }
}
