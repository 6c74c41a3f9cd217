import Foundation
import Recipes
import Runs
import SegData
import Support
import Torch
import TorchNN

/// A cache on its way: opened and checked, or begun, then filled by the teacher.
struct CacheFilling {
    let view: TeacherView
    let folder: URL
    private let header: CacheHeader
    private let found: CacheFolder?

    /// - Parameter taps: that the methods read.
    /// - Throws: `UserError` naming what differs when the folder holds a cache of something else.
    init(_ view: TeacherView, _ taps: Set<String>) throws {
        self.view = view
        folder = URL(fileURLWithPath: view.cache.folder)
        header = try view.header(taps)
        found = CacheFolder.exists(folder) ? try CacheFolder(folder) : nil
        try found?.header.check(against: header, folder: folder.path)
    }

    /// The cache, when nothing is missing.
    func complete() throws -> TeacherCache? { try found.flatMap { $0.isComplete ? try TeacherCache($0) : nil } }

    /// Images that are there already.
    var count: Int { found?.entries.count ?? 0 }

    /// What the cache is, in a line.
    var summary: String {
        let own = found?.header ?? header
        let taps = own.taps.map { $0.isTopK ? "\($0.name) (top \($0.kept) of \($0.channels))" : $0.name }
        let room = found.map { ", \(CacheEstimate.gigabytes($0.bytes))" } ?? ""
        return "teacher cache \(folder.path), key \(own.key): \(taps.joined(separator: ", ")) in \(own.type.rawValue), "
            + "\(count) of \(own.source.images) images\(room)"
    }

    /// Looks at a few images: where the maps' positions are, how they differ from the living teacher's, and what the cache will cost.
    /// - Parameter epochs: of the training.
    func plan(epochs: Double, images: Int = 2) throws -> (header: CacheHeader, estimate: CacheEstimate) {
        let probe = try CacheProbe(view, found?.header.taps ?? header.taps, images: images)
        // Phases that a cache was begun with stay.
        let own = found?.header ?? CacheHeader(header.source, type: header.type, taps: probe.taps)
        let bytes = probe.sizes.reduce(0) { $0 + own.layout($1).bytes } / max(1, probe.sizes.count)
        let estimate = CacheEstimate(
            images: header.source.images, missing: header.source.images - count, bytesPerImage: bytes,
            freeBytes: CacheEstimate.freeBytes(folder), fillSeconds: probe.wholeSeconds, liveSeconds: probe.cropSeconds,
            readSeconds: probe.sampleSeconds, epochs: epochs)
        return (own, estimate)
    }

    /// Computes what is missing.
    ///
    /// - Parameters:
    ///   - header: as ``plan(epochs:images:)`` gave it.
    ///   - progress: told how many images are done, of all.
    ///   - isCancelled: asked after each image; what is done stays.
    /// - Returns: nil when it was cancelled.
    /// - Throws: `UserError` when an image cannot be read or the disk is full; what is done stays, and the next filling goes on.
    func fill(
        _ header: CacheHeader, shardLimit: Int = 1 << 30, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in },
        isCancelled: () -> Bool = { false }
    ) throws -> TeacherCache? {
        let writer = try CacheWriter(folder, header, shardLimit: shardLimit)
        let count = header.source.images
        // When an image cannot be read the others stay, and its error is the one to tell.
        defer { try? writer.commit() }
        if writer.count < count {
            let loader = try view.loader(view.dataset, from: writer.count)
            while writer.count < count, let batch = try loader.next() {
                let maps = try view.maps(header.taps, of: batch.images(on: view.network.device))
                let parts = try header.taps.map { tap in
                    try tap.stored(maps[tap.name]!, header.type).map { part in part.withUnsafeBytes { Data($0) } }
                }
                try writer.append(batch.size, parts)
                progress(writer.count, count)
                if isCancelled() {
                    try writer.commit()
                    return nil
                }
            }
        }
        try writer.commit()
        return try TeacherCache(CacheFolder(folder))
    }
}
