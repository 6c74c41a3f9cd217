import SegModels
import SegTesting
import Support
import Testing
import Torch

@Suite struct KeyMapTests {
    private let map = KeyMap(
        "a transformer", .transformers, recognizedBy: ["encoder.*"],
        rules: [
            .join(
                ["encoder.layer.*.query.*", "encoder.layer.*.key.*", "encoder.layer.*.value.*"], to: "blocks.*.attn.qkv.*", orZeros: true),
            .rename("encoder.layer.*.output.dense.*", to: "blocks.*.mlp.fc2.*"),
            .convert(
                "encoder.table", to: "table", load: { $0.transpose(0, 1).contiguous() }, save: { $0.transpose(0, 1).contiguous() }),
            .drop("pooler.*"),
        ])

    private var file: [String: Tensor] {
        let names = [
            "encoder.layer.0.query.weight": [2, 3], "encoder.layer.0.key.weight": [2, 3], "encoder.layer.0.value.weight": [2, 3],
            "encoder.layer.0.query.bias": [2], "encoder.layer.0.value.bias": [2], "encoder.layer.10.output.dense.weight": [3, 2],
            "encoder.table": [4, 1], "pooler.dense.weight": [3, 3], "norm.weight": [3],
        ]
        return Dictionary(uniqueKeysWithValues: names.map { ($0, formula($0, $1)) })
    }

    @Test func rules() throws {
        let file = file
        let model = try map(file, from: "file")
        #expect(
            Set(model.keys) == [
                "blocks.0.attn.qkv.weight", "blocks.0.attn.qkv.bias", "blocks.10.mlp.fc2.weight", "table", "norm.weight",
            ])
        let qkv = try #require(model["blocks.0.attn.qkv.weight"])
        let parts = ["query", "key", "value"].map { file["encoder.layer.0.\($0).weight"]! }
        try assertClose(qkv, .concatenate(parts, 0), relative: 0)
        let bias = try #require(model["blocks.0.attn.qkv.bias"])
        #expect(bias.array(of: Float.self)[2..<4] == [0, 0])
        #expect(model["table"]?.shape == [1, 4])
    }

    /// What was written as the file's names reads back as the same tensors; the absent key bias stays absent.
    @Test func inverse() throws {
        var file = file
        file["pooler.dense.weight"] = nil
        let model = try map(file, from: "file")
        let back = Dictionary(uniqueKeysWithValues: try map.inverted(model.sorted { $0.key < $1.key }))
        #expect(Set(back.keys) == Set(file.keys))
        for (name, tensor) in file { try assertClose(back[name]!, tensor, relative: 0, name) }
    }

    @Test func twoTensorsOfOneNameAreRefused() {
        let map = KeyMap("twins", recognizedBy: [], rules: [.rename("a.*", to: "b.*")])
        #expect {
            _ = try map(["a.x": .zeros([1]), "b.x": .zeros([1])], from: "twins.pth")
        } throws: {
            "\($0)".contains("b.x") && "\($0)".contains("twins.pth")
        }
    }

    /// A tensor that a file holds under one of two names: its copy, unless both are there.
    @Test func copies() throws {
        let map = KeyMap("twins", recognizedBy: [], rules: [.copy("decoder.head.*", to: "head.*"), .drop("decoder.head.*")])
        let alone = try map(["decoder.head.0": .full([1], 5), "head.1": .full([1], 6)], from: "file")
        #expect(alone.mapValues { $0.item() } == ["head.0": 5, "head.1": 6])
        let both = try map(["decoder.head.0": .full([1], 5), "head.0": .full([1], 7)], from: "file")
        #expect(both.mapValues { $0.item() } == ["head.0": 7])
        let back = try map.inverted([("head.0", .full([1], 5))])
        #expect(back.map(\.0) == ["head.0"])
    }

    /// A map that loses a tensor is found out when it writes.
    @Test func aMapWithoutInverseIsRefused() {
        let map = KeyMap("lossy", recognizedBy: [], rules: [.drop("x"), .rename("y", to: "x")])
        #expect(throws: UserError.self) { _ = try map.inverted([("x", .zeros([1])), ("z", .zeros([1])), ("y", .zeros([1]))]) }
    }

    /// Head and backbone of one file, each with its own map.
    @Test func joining() throws {
        let head = KeyMap(
            "a whole network", .mmseg, recognizedBy: ["decode_head.*"], rules: [.rename("decode_head.*", to: "classifier.*")])
        let below = KeyMap("a backbone", .mmseg, recognizedBy: ["stem.*"], rules: [.rename("stem.*", to: "conv1.*")])
        let names = try KeyMap.joining(head, below)(
            ["decode_head.w": .zeros([1]), "backbone.stem.w": .zeros([1]), "backbone.rest": .zeros([1])], from: "file")
        #expect(Set(names.keys) == ["classifier.w", "backbone.conv1.w", "backbone.rest"])
        let alone = try below.below("backbone.", dropping: ["fc.*"])(["stem.w": .zeros([1]), "fc.w": .zeros([1])], from: "file")
        #expect(Set(alone.keys) == ["backbone.conv1.w"])
    }
}
