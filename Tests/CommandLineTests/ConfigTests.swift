import Foundation
import Testing

@Suite struct ConfigTests {
    static let recipes = [
        "camvid/teacher", "camvid/plain", "camvid/kd", "camvid/cwd",
        "street-scenes/teacher", "street-scenes/plain", "street-scenes/distilled",
    ]

    /// With the models and methods that the package really has.
    @Test(arguments: recipes) func shownRecipesCanBeShownAgain(name: String) throws {
        let shown = try Tool.run("config", "show", "Recipes/\(name).yaml", "seed=3")
        #expect(shown.status == 0, "\(shown.errors)")
        try withFolder { folder in
            let file = folder.appendingPathComponent("shown.yaml")
            try shown.output.write(to: file, atomically: true, encoding: .utf8)
            #expect(try Tool.run("config", "show", file.path).output == shown.output)
        }
        #expect(shown.output.contains("\nseed: 3\n"))
    }

    @Test(arguments: ["teacher", "plain", "distilled"]) func builtInRecipesAreThoseOfTheFolder(name: String) throws {
        let builtIn = try Tool.run("config", "show", "demo/\(name)")
        #expect(builtIn.status == 0)
        #expect(try builtIn.output == Tool.run("config", "show", "Recipes/street-scenes/\(name).yaml").output)
    }

    @Test func wrongRecipe() throws {
        let result = try Tool.run(
            "config", "show", "Recipes/camvid/cwd.yaml", "distillation.cwd.temprature=3", "student.model=espnetv2-s0.51")
        #expect(result.status == 65)
        #expect(
            result.errors == """
                segdistill: 2 problems in the recipe; nothing was started
                command line, 'student.model=espnetv2-s0.51': student.model: unknown model 'espnetv2-s0.51'; did you mean 'espnetv2-s0.5'?
                command line, 'distillation.cwd.temprature=3': distillation.0: unknown key 'temprature'; did you mean 'temperature'?

                """)
    }

    @Test func checkLooksForFiles() throws {
        let result = try Tool.run("config", "check", "Recipes/camvid/teacher.yaml", "student.weights=/no/such.safetensors")
        #expect(result.status == 65)
        #expect(result.errors.contains("student.weights: there is no '/no/such.safetensors'"))
        let sound = try Tool.run("config", "check", "Recipes/street-scenes/plain.yaml")
        #expect(sound.status == 0)
        #expect(sound.output == "Recipes/street-scenes/plain.yaml is in order: espnetv2-s0.5, on street-scenes\n")
    }
}
