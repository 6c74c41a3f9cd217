import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct AdoptionTests {
    /// A folder's weights are the file's own memory and type; what has been joined, and what is read again, has the right values.
    @Test func foldersAreTakenOver() throws {
        let reference = try ZooCase("dinov2", of: "vit")
        try reference.withFiles { folder in
            let file = folder.appendingPathComponent("model.safetensors")
            let halved = try Tensor.load(file).mapValues { $0.to(.float16) }
            try Tensor.save(halved.sorted { $0.key < $1.key }, to: file)
            let model = try ModelFolder(folder).load()
            #expect(model.parameters().allSatisfy { $0.dtype == .float16 })
            #expect(!model.isTraining)
            let state = Dictionary(uniqueKeysWithValues: model.stateDict())
            try assertClose(state["norm.weight"]!, halved["layernorm.weight"]!, relative: 0)
            let names = ["q", "k", "v"].map { "encoder.layer.1.attention.\($0)_proj.weight" }
            try assertClose(state["blocks.1.attn.qkv.weight"]!, .concatenate(names.map { halved[$0]! }, 0), relative: 0)
        }
    }

    /// A checkpoint of another network is refused with names, and a folder without weights with what was looked for.
    @Test func wrongWeightsAreRefused() throws {
        let reference = try ZooCase("dinov2", of: "vit")
        try reference.withFiles { folder in
            let file = folder.appendingPathComponent("model.safetensors")
            try Tensor.save(Models.make("espnetv2-s0.5", classes: 5).stateDict(), to: file)
            #expect {
                _ = try ModelFolder(folder).load()
            } throws: { error in
                let error = error as? LoadError
                return error?.missing.contains("blocks.0.attn.qkv.weight") == true
                    && error?.unexpected.contains("base_net.level1.conv.weight") == true
            }
            try FileManager.default.removeItem(at: file)
            #expect { _ = try ModelFolder(folder).load() } throws: { "\($0)".contains("a folder without weights") }
        }
    }
}
