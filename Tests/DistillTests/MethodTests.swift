import Distill
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct MethodTests {
    @Test func anUnknownMethodGetsTheNearestName() {
        let error = #expect(throws: UserError.self) { try Methods.named("cdw") }
        #expect(error?.hint?.contains("Did you mean 'cwd'?") == true && error?.exitCode == .usage)
    }

    @Test func classScoresOfDifferentClassesAreRefused() {
        let error = #expect(throws: UserError.self) { try make("kd", teacher: 19, student: 11, 1) }
        #expect(error?.message.contains("the teacher has 19 classes and the student 11") == true)
    }

    @Test func onlyDifferentWidthsNeedAProjector() throws {
        #expect(try make("cwd", teacher: 8, student: 8, 4).namedParameters().isEmpty)
        let projected = try make("cwd", teacher: 8, student: 3, 4).namedParameters()
        #expect(projected.map(\.0) == ["projector.weight", "projector.bias"])
        #expect(projected[0].1.shape == [8, 3, 1, 1])
    }

    @Test func everyMethodDeclaresItsTapsOnBothSides() throws {
        for kind in Methods.all {
            let taps = try MethodTaps(MethodRecipe(kind.schema))
            if kind.schema.needsTeacher {
                #expect(!taps.teacher.isEmpty && Set(taps.teacher.keys) == Set(taps.student.keys))
            } else {
                #expect(taps.teacher.isEmpty && !taps.student.isEmpty)
            }
            #expect(kind.schema.settings.allSatisfy { !$0.doc.isEmpty })
        }
    }

    @Test func aListOfMapsIsNumberedAndAsLongOnBothSides() throws {
        let schema = MethodSchema(
            "lists", doc: "", taps: [TapSchema(list: "stage", teacher: ["a", "b"], student: ["c", "d"], doc: "maps.")])
        var recipe = MethodRecipe(schema)
        let taps = try MethodTaps(recipe)
        #expect(taps.teacher == ["stage1": "a", "stage2": "b"] && taps.student == ["stage1": "c", "stage2": "d"])
        recipe.taps["student"] = .texts(["c"])
        let error = #expect(throws: UserError.self) { try MethodTaps(recipe) }
        #expect(error?.message == "lists: taps.teacher names 2 maps and taps.student 1")
    }

    @Test func parityGivesTheLossAndTheStudentsGradient() throws {
        let inputs = ["teacher.features": Tensor.randn([1, 6, 4, 5]), "student.features": Tensor.randn([1, 6, 4, 5])]
        let outputs = Dictionary(uniqueKeysWithValues: try LossParity.run(MethodRecipe(Methods.named("cwd").schema), inputs: inputs))
        #expect(Set(outputs.keys) == ["loss", "grad.student.features"])
        #expect(outputs["grad.student.features"]!.shape == [1, 6, 4, 5])
        #expect(outputs["loss"]!.item() > 0)
    }

    @Test func parityNamesWhatIsMissing() throws {
        let error = #expect(throws: UserError.self) {
            try LossParity.run(MethodRecipe(Methods.named("cwd").schema), inputs: ["teacher.features": .ones([1, 1, 2, 2])])
        }
        #expect(error?.message.contains("'student.features'") == true)
    }
}
