import Foundation
import Recipes
import SegData
import Support
import Testing
import Torch
import Train
import Vision

/// Caches on disk: written, interrupted, gone on with, read, refused.
@Suite struct CacheFolderTests {
    private static let taps = [
        CachedTap(name: "logits", channels: 3, stride: 2, kept: 2), CachedTap(name: "stage1", channels: 2, stride: 4, phase: 2),
    ]

    init() throws { try LibTorch.load() }

    private func source(weights: String = "3f", data: String = "d1", input: String = "its own", images: Int = 7) -> CacheSource {
        CacheSource(
            model: "net", weights: weights, precision: "float32", normalization: "half", input: input, data: data, firstImage: "f0",
            images: images)
    }

    private func header(_ source: CacheSource? = nil, type: CacheRecipe.Storage = .float32, taps: [CachedTap] = taps) -> CacheHeader {
        CacheHeader(source ?? self.source(), type: type, taps: taps)
    }

    /// Images of several sizes.
    private func size(_ image: Int) -> Size { Size(width: 8 + image, height: 6) }

    private func map(_ tap: CachedTap, _ image: Int) -> Tensor {
        let grid = tap.grid(size(image))
        let count = tap.channels * grid.rows * grid.columns
        let values = (0..<count).map { Float(($0 * 7 + image * 3) % 23) }
        return Tensor(values, shape: [1, tap.channels, grid.rows, grid.columns])
    }

    private func append(_ images: Range<Int>, to writer: CacheWriter) throws {
        for image in images {
            let parts = try Self.taps.map { tap in
                try tap.stored(map(tap, image), .float32).map { part in part.withUnsafeBytes { Data($0) } }
            }
            try writer.append(size(image), parts)
        }
    }

    private func files(_ folder: URL) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: folder.appendingPathComponent($0))) })
    }

    private func fill(_ folder: URL, _ images: Range<Int> = 0..<7) throws {
        let writer = try CacheWriter(folder, header(), shardLimit: 1500)
        #expect(writer.count == images.lowerBound)
        try append(images, to: writer)
        try writer.commit()
    }

    @Test func everyImagesMapsComeBack() throws {
        let scratch = try Scratch()
        try fill(scratch["cache"])
        let folder = try CacheFolder(scratch["cache"])
        #expect(folder.isComplete && folder.header == header())
        #expect(Set(folder.entries.map(\.shard)).count > 1)
        let cache = try TeacherCache(folder)
        for image in [6, 0, 3] {
            let size = size(image)
            let whole = AffineMap(xx: 1 / Double(size.width), yy: 1 / Double(size.height))
            let found = cache.map(Self.taps[1], of: image, whole, size, on: .cpu)
            #expect((found - map(Self.taps[1], image)).abs().amax().item() < 1e-5)
            // The highest two of three classes, and so the third too.
            let scores = cache.map(Self.taps[0], of: image, whole, size, on: .cpu)
            #expect((scores - map(Self.taps[0], image)).abs().amax().item() < 1e-4)
        }
    }

    @Test func anInterruptedFillingGoesOnAndEndsInTheSameFiles() throws {
        let scratch = try Scratch()
        try fill(scratch["whole"])
        let (whole, folder) = (try files(scratch["whole"]), scratch["stopped"])
        try fill(folder, 0..<4)
        #expect(try !CacheFolder(folder).isComplete)
        try {
            let writer = try CacheWriter(folder, header(), shardLimit: 1500)
            // Written, but the program ends before they are committed.
            try append(4..<6, to: writer)
        }()
        // An entry that was being written.
        let entries = try FileHandle(forWritingTo: folder.appendingPathComponent("entries"))
        try entries.seekToEnd()
        try entries.write(contentsOf: Data([1, 2, 3]))
        try entries.close()
        try fill(folder, 4..<7)
        #expect(try files(folder) == whole)
        // Nothing to do the next time.
        #expect(try CacheWriter(folder, header()).count == 7)
        #expect(try files(folder) == whole)
    }

    @Test func oneProcessFillsAtATime() throws {
        let scratch = try Scratch()
        let first = try CacheWriter(scratch["cache"], header())
        let error = #expect(throws: UserError.self) { try CacheWriter(scratch["cache"], header()) }
        #expect(error?.message.contains("another process is filling") == true)
        #expect(first.count == 0)
    }

    @Test func whatIsCutShortIsRefused() throws {
        let scratch = try Scratch()
        try fill(scratch["cache"])
        let shard = try FileHandle(forWritingTo: scratch["cache"].appendingPathComponent("shard-001.bin"))
        try shard.truncate(atOffset: 100)
        try shard.close()
        let error = #expect(throws: UserError.self) { try CacheFolder(scratch["cache"]) }
        #expect(error?.message.contains("damaged or cut short") == true)
    }

    @Test func whatIsOfSomethingElseIsRefusedByName() throws {
        func refusal(_ wanted: CacheHeader) -> String? {
            do {
                try header().check(against: wanted, folder: "cache")
                return nil
            } catch { return "\(error)" }
        }
        #expect(refusal(header()) == nil)
        // Fewer taps than there are will do.
        #expect(refusal(header(taps: [Self.taps[1]])) == nil)
        #expect(refusal(header(source(weights: "9a")))?.contains("its weights (3f in the cache, 9a now)") == true)
        #expect(refusal(header(source(data: "d2")))?.contains("the data's files (d1 in the cache, d2 now)") == true)
        #expect(refusal(header(source(input: "64×48")))?.contains("the size of its input (its own in the cache, 64×48 now)") == true)
        #expect(refusal(header(source(images: 8)))?.contains("the number of images (7 in the cache, 8 now)") == true)
        #expect(refusal(header(type: .float16))?.contains("type (float32 in the cache, float16 now)") == true)
        let other = CachedTap(name: "stage4", channels: 9, stride: 16)
        #expect(refusal(header(taps: Self.taps + [other]))?.contains("not stage4") == true)
        let all = CachedTap(name: "logits", channels: 3, stride: 2)
        #expect(refusal(header(taps: [all]))?.contains("topK (2 of 3 classes in the cache, 3 now)") == true)
        // Everything at once, and another key.
        let both = refusal(header(source(weights: "9a", data: "d2")))
        #expect(both?.contains("its weights") == true && both?.contains("the data's files") == true)
        #expect(header(source(weights: "9a")).key != header().key)
    }

    @Test func theEstimateCountsBothSides() {
        // 100 images of 2 MB: 50 s to fill; an epoch takes 40 s with the teacher and 10 s from the disk.
        var estimate = CacheEstimate(
            images: 100, missing: 100, bytesPerImage: 2_000_000, freeBytes: 1 << 40, fillSeconds: 0.5, liveSeconds: 0.4,
            readSeconds: 0.1, epochs: 10)
        #expect(estimate.missingBytes == 200_000_000)
        #expect(abs(estimate.savedSeconds - 250) < 1e-9 && abs(estimate.paysAfter! - 50.0 / 30) < 1e-9)
        #expect(estimate.lines[0].contains("0.2 GB") && estimate.lines[1].contains("4:10 shorter"))
        estimate.epochs = 1
        #expect(abs(estimate.savedSeconds + 20) < 1e-9 && estimate.lines[1].contains("not worth it"))
        // What is there already costs nothing more.
        estimate.missing = 0
        #expect(estimate.savedSeconds > 0 && estimate.paysAfter == 0)
        estimate.readSeconds = 0.5
        #expect(estimate.paysAfter == nil && estimate.lines[1].contains("not worth it"))
    }

    @Test func aDiskWithoutRoomIsRefused() {
        let estimate = CacheEstimate(
            images: 100, missing: 50, bytesPerImage: 2_000_000_000, freeBytes: 60_000_000_000, fillSeconds: 1, liveSeconds: 1,
            readSeconds: 0, epochs: 1)
        let error = #expect(throws: UserError.self) { try estimate.check("somewhere") }
        #expect(error?.message.contains("needs 100.0 GB more, and the disk has 60.0 GB free") == true)
        #expect(error?.hint?.contains("topK") == true)
    }
}
