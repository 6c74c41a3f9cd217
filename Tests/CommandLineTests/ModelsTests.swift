import Foundation
import Testing

@Suite struct ModelsTests {
    @Test func listAndShow() throws {
        let list = try Tool.run("models", "list", "resnet5")
        #expect(list.status == 0)
        #expect(list.output.contains("torchvision:resnet50"))
        #expect(!list.output.contains("mobilenetv2"))
        let show = try Tool.run("models", "show", "fcn-resnet18", "--classes", "5", "--height", "64", "--width", "96")
        #expect(show.status == 0)
        #expect(show.output.contains("1×5×8×12"))
        #expect(show.output.contains("GMACs"))
    }

    /// A row for every name, with the card of that library's weights.
    @Test func listAsJSON() throws {
        struct Row: Decodable {
            let name: String
            let network: String
            let mean: [Double]
            let licence: String
        }
        let list = try Tool.run("models", "list", "vit_b_32", "--json")
        #expect(list.status == 0)
        let rows = try JSONDecoder().decode([Row].self, from: Data(list.output.utf8))
        #expect(rows.map(\.name) == ["vit-base-patch32", "timm:vit_base_patch32_224", "torchvision:vit_b_32"])
        #expect(Set(rows.map(\.network)) == ["vit-base-patch32"])
        #expect(rows.map(\.mean) == [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0.485, 0.456, 0.406]])
        #expect(rows.map(\.licence) == ["Apache-2.0", "Apache-2.0", "BSD-3-Clause"])
    }

    @Test func unknownNames() throws {
        let list = try Tool.run("models", "list", "gpt")
        #expect(list.status == 64)
        #expect(list.errors.contains("no network has 'gpt' in its name"))
        let show = try Tool.run("models", "show", "fcn-resnet19")
        #expect(show.status == 64)
        #expect(show.errors.contains("Did you mean 'fcn-resnet1"))
    }

    /// A bare file does not say what it is; a folder without config.json neither.
    @Test func parityNeedsToKnowTheModel() throws {
        let folder = FileManager.default.temporaryDirectory
        let result = try Tool.run(
            "parity", "model", "--weights", folder.path, "--input", "in.safetensors", "--output", "out.safetensors")
        #expect(result.status == 64)
        #expect(result.errors.contains("Name the model before --weights"))
    }
}
