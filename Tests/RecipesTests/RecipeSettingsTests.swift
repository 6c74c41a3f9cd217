import Recipes
import Testing

@Suite struct RecipeSettingsTests {
    @Test func keysOfAnyVersionAreReadAsText() throws {
        let yaml = """
            name: "1.0"
            schedule: {steps: 40, unheardOf: 1.0e-2}
            data:
              scale: [0.50, 2]
              strong: none
            distillation: [{method: novel, weight: 1.0}]
            """
        let settings = try #require(RecipeSettings(yaml: yaml))
        #expect(
            settings.values == [
                "name": "1.0", "schedule": "{…}", "schedule.steps": "40", "schedule.unheardOf": "0.01", "data": "{…}",
                "data.scale": "[0.5, 2]", "data.strong": "none", "distillation": "[{method: novel, weight: 1}]",
            ])
        #expect(RecipeSettings(yaml: "a: [1, 2") == nil && RecipeSettings(yaml: "only text") == nil)
    }
}
