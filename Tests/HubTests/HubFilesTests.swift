import Foundation
import Hub
import Testing

@Suite struct HubFilesTests {
    @Test func safetensorsBeforePickles() {
        let names = [
            "config.json", "pytorch_model.bin", "model.safetensors", "LICENSE", "README.md", ".gitattributes", "onnx/model.safetensors",
            "vocab.txt", "tokenizer.json", "special_tokens_map.json",
        ]
        let descriptions = ["LICENSE", "README.md", "config.json", "tokenizer.json", "vocab.txt"]
        #expect(HubFiles.needed(of: names) == descriptions + ["model.safetensors"])
    }

    @Test func shardsAndTheirIndexButNoVariants() {
        let names = [
            "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json",
            "model.fp16-00001-of-00001.safetensors", "model.safetensors.index.fp16.json",
        ]
        let weights = HubFiles.weights(of: names)
        #expect(weights == ["model.safetensors.index.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"])
        #expect(HubFiles.isWhole(weights))
        #expect(!HubFiles.isWhole(weights.dropLast()))
        #expect(HubFiles.weights(of: ["model.fp16.safetensors", "model.safetensors"]) == ["model.safetensors"])
        #expect(HubFiles.weights(of: ["model.fp16.safetensors"]) == ["model.fp16.safetensors"])
    }

    @Test func picklesWhereThereIsNothingElse() {
        #expect(HubFiles.weights(of: ["optimizer.bin", "pytorch_model.bin", "training_args.bin"]) == ["pytorch_model.bin"])
        #expect(HubFiles.weights(of: ["dinov2_vits14_pretrain.pth", "scheduler.pt"]) == ["dinov2_vits14_pretrain.pth"])
        #expect(HubFiles.weights(of: ["config.json", "tf_model.h5"]).isEmpty)
        #expect(!HubFiles.isWhole([]))
    }

    @Test func digests() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("hub-digest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data("abc".utf8).write(to: url)
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(try FileDigest(etag: sha256)?.actual(of: url) == sha256)
        // git hash-object
        try Data("hello\n".utf8).write(to: url)
        let blob = "ce013625030ba8dba906f756967f9e9ca394464a"
        #expect(try FileDigest(etag: blob)?.actual(of: url) == blob)
        #expect(FileDigest(etag: "d41d8cd98f00b204e9800998ecf8427e") == nil)
    }

    @Test func theEnvironmentSaysWhereThingsAre() throws {
        func settings(_ environment: [String: String]) throws -> HubSettings {
            try HubSettings(environment: environment.merging(["HF_TOKEN_PATH": "/nowhere/token"]) { first, _ in first })
        }
        #expect(try settings(["HF_HUB_CACHE": "/a", "HF_HOME": "/b"]).cache.path == "/a")
        #expect(try settings(["HF_HOME": "/b"]).cache.path == "/b/hub")
        #expect(try settings(["XDG_CACHE_HOME": "/c"]).cache.path == "/c/huggingface/hub")
        #expect(try settings([:]).cache.path.hasSuffix("/.cache/huggingface/hub"))
        #expect(try settings([:]).endpoint == HubSettings.publicHub)
        #expect(try settings(["HF_ENDPOINT": "http://mirror:8080/hf/"]).endpoint.absoluteString == "http://mirror:8080/hf")
        #expect(try HubSettings(endpoint: "http://x", environment: ["HF_ENDPOINT": "http://y"]).endpoint.absoluteString == "http://x")
        #expect(try settings(["HF_TOKEN": " hf_x\n"]).token == "hf_x")
        #expect(try settings(["HF_TOKEN": ""]).token == nil)
        #expect(try settings(["HF_HUB_OFFLINE": "1"]).isOffline && settings(["HF_HUB_OFFLINE": "yes"]).isOffline)
        #expect(try !settings(["HF_HUB_OFFLINE": "0"]).isOffline)
    }
}
