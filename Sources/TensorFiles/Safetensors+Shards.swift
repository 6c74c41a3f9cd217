import Foundation

extension Safetensors {
    /// Opens a checkpoint that is split into several files beside its index
    /// (`model.safetensors.index.json`, `pytorch_model.bin.index.json`), as one archive in the order of the shards' names.
    /// - Throws: ``TensorFileError`` when a shard is absent or malformed, or when the shards hold other tensors than the index says.
    public static func readShards(index url: URL) throws -> TensorArchive {
        let file = try MappedFile(url)
        return try reading(file.path) {
            let shardOf = try weightMap(file)
            let folder = url.deletingLastPathComponent()
            var entries: [TensorEntry] = []
            var metadata: [String: String] = [:]
            for shard in Set(shardOf.values).sorted() {
                let archive = try TensorArchive.open(folder.appendingPathComponent(shard))
                for entry in archive.entries where shardOf[entry.name] != shard {
                    throw TensorFileProblem.badIndex(
                        "'\(entry.name)' lies in \(shard), the index has it \(shardOf[entry.name].map { "in \($0)" } ?? "nowhere")")
                }
                entries += archive.entries
                metadata.merge(archive.metadata) { first, _ in first }
            }
            if entries.count != shardOf.count {
                let found = Set(entries.map(\.name))
                let missing = shardOf.keys.filter { !found.contains($0) }.sorted()
                throw TensorFileProblem.badIndex("\(missing.count) tensors are in no shard, the first is '\(missing[0])'")
            }
            return try TensorArchive(entries: entries, metadata: metadata)
        }
    }

    /// The index's map from a tensor's name to its file's.
    private static func weightMap(_ file: MappedFile) throws -> [String: String] {
        guard file.bytes.count <= longestHeader else { throw TensorFileProblem.headerTooLarge(UInt64(file.bytes.count)) }
        guard case .object(let members) = try JSON(parsing: file.bytes),
            case .object(let map)? = members.first(where: { $0.key == "weight_map" })?.value, !map.isEmpty
        else { throw TensorFileProblem.badIndex("it has no 'weight_map' object with tensors") }
        var shardOf: [String: String] = [:]
        for member in map {
            let name = member.key
            guard case .string(let shard) = member.value, !shard.contains("/"), !shard.hasPrefix("."), !shard.isEmpty else {
                throw TensorFileProblem.badIndex("the shard of '\(name)' is not a plain file name")
            }
            shardOf[name] = shard
        }
        return shardOf
    }
}
