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
