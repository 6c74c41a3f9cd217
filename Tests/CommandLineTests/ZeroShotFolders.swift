import Foundation

/// Folders of a tiny Grounding DINO and a tiny SAM 2 with random weights, as `scripts/reference/zero_shot.py` describes them.
struct ZeroShotFolders {
    let detector: String
    let segmenter: String

    private struct Header: Decodable {
        let metadata: [String: String]
        private enum CodingKeys: String, CodingKey { case metadata = "__metadata__" }
    }

    private struct Files: Decodable {
        let config: String
        let shapes: [String: [Int]]
    }

    private struct Settings: Decodable {
        let vocabulary: [String]
        let size: [String: Int]
    }

    init(in folder: URL) throws {
        let fixture = try Data(contentsOf: Tool.repository.appendingPathComponent("Tests/ZeroShotTests/Fixtures/zero_shot.safetensors"))
        let length = (0..<8).reduce(0) { $0 | Int(fixture[$1]) << (8 * $1) }
        let metadata = try JSONDecoder().decode(Header.self, from: fixture[8..<8 + length]).metadata
        func described<Value: Decodable>(_ key: String) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(metadata[key, default: ""].utf8))
        }
        for name in ["detector", "segmenter"] {
            let own = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            let files: Files = try described(name)
            try Data(files.config.utf8).write(to: own.appendingPathComponent("config.json"))
            try Self.weights(files.shapes).write(to: own.appendingPathComponent("model.safetensors"))
        }
        (detector, segmenter) = (folder.path + "/detector", folder.path + "/segmenter")
        let settings: Settings = try described("settings")
        try settings.vocabulary.joined(separator: "\n").write(toFile: detector + "/vocab.txt", atomically: true, encoding: .utf8)
        try JSONSerialization.data(withJSONObject: ["size": settings.size])
            .write(to: URL(fileURLWithPath: detector + "/preprocessor_config.json"))
    }

    /// Other weights of the same network.
    func retrain(_ network: String) throws {
        let file = URL(fileURLWithPath: network + "/model.safetensors")
        var data = try Data(contentsOf: file)
        // The last byte of the last number.
        data[data.count - 1] ^= 1
        try data.write(to: file)
    }

    /// A safetensors file of numbers from -0.1 to 0.1.
    private static func weights(_ shapes: [String: [Int]]) throws -> Data {
        var (entries, numbers): ([String: Any], [Float]) = ([:], [])
        var state: UInt64 = 1
        for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
            let count = shape.reduce(1, *)
            entries[name] = ["dtype": "F32", "shape": shape, "data_offsets": [4 * numbers.count, 4 * (numbers.count + count)]]
            for _ in 0..<count {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                numbers.append(Float(state >> 40) / Float(1 << 24) * 0.2 - 0.1)
            }
        }
        var header = try JSONSerialization.data(withJSONObject: entries)
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header + numbers.withUnsafeBytes { Data($0) }
    }
}
