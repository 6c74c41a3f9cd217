import Foundation
import Support

/// What a teacher cache costs and saves, before it is made.
public struct CacheEstimate: Sendable, Equatable {
    /// All images, and those that are not in the cache yet.
    public var images: Int
    public var missing: Int
    public var bytesPerImage: Int
    /// On the folder's disk.
    public var freeBytes: Int
    /// The teacher over a whole image, as the cache is filled.
    public var fillSeconds: Double
    /// The teacher over a crop, as training without the cache has it, and the crop's maps from the cache.
    public var liveSeconds: Double
    public var readSeconds: Double
    /// How often the training sees each image, on average.
    public var epochs: Double

    public init(
        images: Int, missing: Int, bytesPerImage: Int, freeBytes: Int, fillSeconds: Double, liveSeconds: Double, readSeconds: Double,
        epochs: Double
    ) {
        (self.images, self.missing, self.bytesPerImage, self.freeBytes) = (images, missing, bytesPerImage, freeBytes)
        (self.fillSeconds, self.liveSeconds, self.readSeconds, self.epochs) = (fillSeconds, liveSeconds, readSeconds, epochs)
    }

    /// Bytes that are still to be written.
    public var missingBytes: Int { missing * bytesPerImage }

    /// Seconds that the whole training is shorter by, filling included; negative where it is longer.
    public var savedSeconds: Double {
        Double(images) * epochs * (liveSeconds - readSeconds) - Double(missing) * fillSeconds
    }

    /// After so many epochs the filling has paid; nil where it never does.
    public var paysAfter: Double? {
        liveSeconds > readSeconds ? Double(missing) * fillSeconds / (Double(images) * (liveSeconds - readSeconds)) : nil
    }

    /// - Throws: `UserError` when the disk has not the room.
    package func check(_ folder: String) throws {
        // A file system that is full to the last byte serves nobody.
        guard missingBytes + (256 << 20) > freeBytes else { return }
        throw UserError(
            "\(folder): the teacher cache needs \(Self.gigabytes(missingBytes)) more, and the disk has \(Self.gigabytes(freeBytes)) free",
            hint: "Set teacher.cache.topK (for logits) or a smaller teacher.cache.size, read fewer taps, or give a folder on another disk.")
    }

    /// In words.
    public var lines: [String] {
        let perEpoch = Double(images)
        let verdict: String =
            if let paysAfter {
                "it pays after \(fixed(paysAfter, 1)) epochs; this training has \(fixed(epochs, 1)) and is "
                    + (savedSeconds > 0
                        ? "about \(durationText(savedSeconds)) shorter"
                        : "about \(durationText(-savedSeconds)) longer: not worth it by itself")
            } else {
                "reading takes longer than the teacher does: not worth it"
            }
        return [
            "teacher cache: \(missing) of \(images) images to fill, \(Self.gigabytes(missingBytes)) (\(Self.gigabytes(freeBytes)) free), "
                + "about \(durationText(Double(missing) * fillSeconds))",
            "teacher cache: an epoch spends about \(durationText(perEpoch * readSeconds)) on its maps in place of "
                + "\(durationText(perEpoch * liveSeconds)) on the teacher; \(verdict)",
        ]
    }

    static func gigabytes(_ bytes: Int) -> String {
        bytes < 100_000_000 ? "\(fixed(Double(bytes) / 1e6, 1)) MB" : "\(fixed(Double(bytes) / 1e9, 1)) GB"
    }

    /// Bytes free for us on the disk of a folder, which need not exist yet.
    static func freeBytes(_ folder: URL) -> Int {
        var existing = folder.standardizedFileURL
        while !FileManager.default.fileExists(atPath: existing.path), existing.pathComponents.count > 1 {
            existing.deleteLastPathComponent()
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: existing.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.intValue ?? Int.max
    }
}
