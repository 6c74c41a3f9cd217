import Foundation
import Runs
import SegData
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Fills a cache, image by image in the data set's order.
package final class CacheWriter {
    private let url: URL
    private let header: CacheHeader
    private let shardLimit: Int
    private let entriesFile: FileHandle
    private var shardFile: FileHandle?
    private var shard = 0
    private var offset = 0
    private var pending = Data()
    private var pendingBytes = 0
    /// Images that are in the cache, and on the disk when the writer is closed.
    package private(set) var count: Int

    /// Begins a cache, or goes on with one whose filling was interrupted.
    ///
    /// - Parameter shardLimit: bytes after which another shard begins.
    /// - Throws: `UserError` when the folder cannot be written, or another process is filling it.
    package init(_ url: URL, _ header: CacheHeader, shardLimit: Int = 1 << 30) throws {
        (self.url, self.header, self.shardLimit) = (url, header, shardLimit)
        func failure(_ code: Int32) -> UserError {
            UserError("cannot write \(url.path): \(String(cString: strerror(code)))", hint: "Check that you may write there.")
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch { throw failure(errno) }
        let descriptor = open(CacheFolder.entriesFile(url).path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(errno) }
        entriesFile = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw UserError(
                "\(url.path): another process is filling the teacher cache",
                hint: "Start again when it is done: the maps are then read, not computed.")
        }
        let isNew = !CacheFolder.exists(url)
        let done = isNew ? [] : try CacheFolder(url).entries
        count = done.count
        if isNew { try JSONFile.write(header, to: CacheFolder.headerFile(url)) }
        if let last = done.last { (shard, offset) = (last.shard, last.offset + header.layout(last.size).bytes) }
        // What was being written when the filling stopped is written again.
        try entriesFile.truncate(atOffset: UInt64(count * CacheEntry.bytes))
        try openShard()
    }

    private func openShard() throws {
        let path = CacheFolder.shardFile(url, shard).path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw UserError("cannot write \(path): \(String(cString: strerror(errno)))") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.truncate(atOffset: UInt64(offset))
        try file.seek(toOffset: UInt64(offset))
        shardFile = file
    }

    /// Adds the next image's maps.
    /// - Parameters:
    ///   - size: of the picture that the teacher saw.
    ///   - parts: for each tap, in the header's order, the parts of its map: see ``CachedTap/stored(_:_:)``.
    /// - Throws: `UserError` when the disk is full; what was committed stays.
    package func append(_ size: Size, _ parts: [[Data]]) throws {
        let bytes = header.layout(size).bytes
        if offset > 0, offset + bytes > shardLimit {
            try commit()
            (shard, offset) = (shard + 1, 0)
            try openShard()
        }
        for (tap, parts) in zip(header.taps, parts) {
            let layout = tap.layout(size, header.type)
            for (part, room) in zip(parts, tap.isTopK ? [layout.indices, layout.end - layout.indices] : [layout.end]) {
                precondition(part.count <= room && part.count > room - 64, "the map of \(tap.name) does not have its size")
                try write(part + Data(count: room - part.count))
            }
        }
        pending.append(CacheEntry(size: size, shard: shard, offset: offset).data)
        offset += bytes
        pendingBytes += bytes
        count += 1
        if pendingBytes >= 64 << 20 { try commit() }
    }

    private func write(_ data: Data) throws {
        do { try shardFile!.write(contentsOf: data) } catch {
            throw UserError(
                "cannot write \(CacheFolder.shardFile(url, shard).path): \(error.localizedDescription)",
                hint: "Is the disk full? Free some room and run the same command again: it goes on where it stopped.")
        }
    }

    /// Makes sure that what was added stays.
    package func commit() throws {
        guard !pending.isEmpty else { return }
        try shardFile!.synchronize()
        try entriesFile.seekToEnd()
        try entriesFile.write(contentsOf: pending)
        try entriesFile.synchronize()
        pending = Data()
        pendingBytes = 0
    }
}
