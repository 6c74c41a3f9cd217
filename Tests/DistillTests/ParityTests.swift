import Distill
import Foundation
import Recipes
import SegTesting
import Testing
import Torch

/// What `segdistill parity loss` computes, against `scripts/reference/losses.py`.
@Suite struct ParityTests {
    @Test(arguments: ["kd.default", "kd.temperature", "kd.cold", "kd.sharp", "cwd.default", "cwd.one", "cwd.sharp", "cwd.projector"])
    func aCaseOfTheFixtureComesOutAsInPyTorch(_ name: String) throws {
        let fixture = try Fixture("losses", in: .module)
        let settings = try fixture.settings("cases", as: [String: LossTests.Settings].self)
        let given = fixture.tensors(under: name + ".")
        var recipe = MethodRecipe(try Methods.named(String(name.prefix { $0 != "." })).schema)
        recipe.settings["temperature"] = .number(try #require(settings[name]?.temperature))

        let inputs = given.filter { $0.key != "loss" && !$0.key.hasPrefix("grad.") }
        let outputs = Dictionary(uniqueKeysWithValues: try LossParity.run(recipe, inputs: inputs))

        let wanted = given.filter { $0.key == "loss" || $0.key.hasPrefix("grad.student.") }
        #expect(Set(outputs.keys) == Set(wanted.keys))
        for (key, tensor) in wanted { try assertClose(#require(outputs[key]), tensor, "\(name) \(key)") }
    }

    @Test func aTensorThatNoInputHasIsRefused() throws {
        let map = Tensor.randn([1, 3, 2, 2])
        #expect(throws: (any Error).self) {
            try LossParity.run(
                MethodRecipe(Methods.named("kd").schema), inputs: ["teacher.logits": map, "student.logits": map, "stundent.logits": map])
        }
    }
}
