import Foundation
import TensorFiles
import Testing

@Suite struct ShardTests {
    /// Two shards with the tensors a, b and c (one byte each), and the index `map`.
    private func withShards<Result>(index map: [String: String], _ body: (URL) throws -> Result) throws -> Result {
        try withTemporaryFolder { folder in
            let bytes: [UInt8] = [1, 2, 3]
            try bytes.withUnsafeBytes { bytes in
                func source(_ name: String, _ i: Int) -> Safetensors.Source {
                    .init(name: name, dtype: .uint8, shape: [1], bytes: UnsafeRawBufferPointer(rebasing: bytes[i..<i + 1]))
                }
                try Safetensors.write([source("a", 0), source("b", 1)], to: folder.appendingPathComponent("model-1.safetensors"))
                try Safetensors.write([source("c", 2)], to: folder.appendingPathComponent("model-2.safetensors"))
            }
            let index = try JSONSerialization.data(withJSONObject: ["metadata": ["total_size": 3], "weight_map": map])
            try index.write(to: folder.appendingPathComponent("model.safetensors.index.json"))
            return try body(folder)
        }
    }

    private let right = ["a": "model-1.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors"]

    @Test func opensAFolderOfShards() throws {
        try withShards(index: right) { folder in
            let archive = try TensorArchive.open(folder)
            #expect(archive.names == ["a", "b", "c"])
            #expect(archive.entries.map { Array($0.bytes) } == [[1], [2], [3]])
            #expect(try TensorArchive.open(folder.appendingPathComponent("model.safetensors.index.json")).names == ["a", "b", "c"])
        }
    }

    @Test func refusesAnAbsentShard() throws {
        try withShards(index: right) { folder in
            try FileManager.default.removeItem(at: folder.appendingPathComponent("model-2.safetensors"))
            #expect(problem { try TensorArchive.open(folder) } == .unreadable("No such file or directory"))
        }
    }

    @Test(arguments: [
        ["a": "model-1.safetensors", "b": "model-1.safetensors", "c": "model-2.safetensors", "d": "model-2.safetensors"],
        ["a": "model-1.safetensors", "b": "model-2.safetensors", "c": "model-2.safetensors"],
        ["a": "model-1.safetensors", "c": "model-2.safetensors"],
        ["a": "../model-1.safetensors"], [:],
    ])
    func refusesAnIndexThatDoesNotFit(index: [String: String]) throws {
        let found = try withShards(index: index) { folder in problem { try TensorArchive.open(folder) } }
        guard case .badIndex? = found else { return #expect(Bool(false), "\(String(describing: found))") }
    }

    @Test func findsTheFileInAFolder() throws {
        try withTemporaryFolder { folder in
            guard case .notATensorFile? = problem({ try TensorArchive.open(folder) }) else { return #expect(Bool(false)) }
            try FileManager.default.copyItem(at: fixture("state_protocol2.pth"), to: folder.appendingPathComponent("a.pth"))
            #expect(try TensorArchive.open(folder).entries.count == 8)
            try FileManager.default.copyItem(at: fixture("dtypes.safetensors"), to: folder.appendingPathComponent("b.safetensors"))
            guard case .notATensorFile? = problem({ try TensorArchive.open(folder) }) else { return #expect(Bool(false)) }
            try FileManager.default.copyItem(at: fixture("state.safetensors"), to: folder.appendingPathComponent("model.safetensors"))
            expectEqual(try TensorArchive.open(folder), try TensorArchive.open(fixture("state_legacy.pth")))
        }
    }
}
