import Foundation
import Recipes
import Runs
import SegData
import Support
import TensorFiles

/// A cache on disk: `cache.json` says what it is, `shard-000.bin`, … hold the images' maps one after the other, and `entries` says
/// where each image's begin, in the data set's order. An entry is written once its maps are on the disk, so a filling that is
/// interrupted goes on after the last entry.
package final class CacheFolder {
    let url: URL
    package let header: CacheHeader
    package let entries: [CacheEntry]

    /// - Throws: `UserError` when there is no cache in the folder, or it is damaged.
    package init(_ url: URL) throws {
        self.url = url
        header = try JSONFile.read(from: Self.headerFile(url))
        entries = try CacheEntry.read(Self.entriesFile(url))
        for entry in entries {
            guard entry.size.width > 0, entry.size.height > 0, entry.offset >= 0, (0..<100_000).contains(entry.shard) else { throw damage }
        }
        for (shard, own) in Dictionary(grouping: entries, by: \.shard) {
            let end = own.map { $0.offset + header.layout($0.size).bytes }.max()!
            let size = (try? FileManager.default.attributesOfItem(atPath: Self.shardFile(url, shard).path)[.size] as? Int) ?? 0
            guard size >= end else { throw damage }
        }
    }

    static func headerFile(_ folder: URL) -> URL { folder.appendingPathComponent("cache.json") }
    static func entriesFile(_ folder: URL) -> URL { folder.appendingPathComponent("entries") }

    static func shardFile(_ folder: URL, _ number: Int) -> URL {
        let digits = String(number)
        return folder.appendingPathComponent("shard-\(String(repeating: "0", count: max(0, 3 - digits.count)))\(digits).bin")
    }

    /// Whether a folder holds a cache, complete or not.
    static func exists(_ folder: URL) -> Bool { FileManager.default.fileExists(atPath: headerFile(folder).path) }

    package var isComplete: Bool { entries.count == header.source.images }
    var bytes: Int { entries.reduce(0) { $0 + header.layout($1.size).bytes } }

    /// The shards by number, mapped.
    /// - Throws: `TensorFileError` when one cannot be read.
    func shards() throws -> [Int: MappedFile] {
        try Dictionary(uniqueKeysWithValues: Set(entries.map(\.shard)).map { ($0, try MappedFile(Self.shardFile(url, $0))) })
    }

    private var damage: UserError {
        UserError("\(url.path): the teacher cache is damaged or cut short", hint: "Delete the folder to fill it anew.")
    }
}

/// Where an image's maps are.
package struct CacheEntry: Equatable, Sendable {
    /// Of the picture that the teacher saw.
    package let size: Size
    package let shard: Int
    /// In the shard.
    package let offset: Int

    static let bytes = 32

    var data: Data {
        [size.width, size.height, shard, offset].reduce(into: Data()) { data, number in
            withUnsafeBytes(of: Int64(number).littleEndian) { data.append(contentsOf: $0) }
        }
    }

    /// The entries that have been written whole.
    static func read(_ file: URL) throws -> [CacheEntry] {
        guard let data = FileManager.default.contents(atPath: file.path) else { return [] }
        return data.withUnsafeBytes { bytes in
            stride(from: 0, through: bytes.count - Self.bytes, by: Self.bytes).map { start in
                func number(_ index: Int) -> Int {
                    Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: start + 8 * index, as: Int64.self)))
                }
                return CacheEntry(size: Size(width: number(0), height: number(1)), shard: number(2), offset: number(3))
            }
        }
    }
}
