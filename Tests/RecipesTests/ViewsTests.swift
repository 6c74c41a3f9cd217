import Recipes
import Testing

/// Methods that compare two views of an image, without a teacher.
@Suite struct ViewsTests {
    private static let views = MethodSchema(
        "views", doc: "Two views.",
        taps: [
            TapSchema(student: "stage4", as: "features", strong: "strongFeatures", doc: "a map."),
            TapSchema(student: "class.logits", as: "classes", layout: .queries, isOptional: true, doc: "classes."),
        ])
    private static let base = """
        name: tiny
        data: {dataset: street-scenes, augmentation: {crop: [64, 64]}}
        student: {model: espnetv2-s0.5}
        distillation: [{method: views}]
        """

    private static let ours = RecipeCatalog(models: catalog.models, methods: catalog.methods + [views], datasets: catalog.datasets)

    private func recipe(_ yaml: String = Self.base, _ overrides: String...) throws -> Recipe {
        try Recipe.parse(yaml, file: "r.yaml", overrides: overrides, catalog: Self.ours).recipe
    }

    private func refusal(_ yaml: String = Self.base, _ overrides: String...) throws -> String {
        let error = #expect(throws: RecipeError.self) {
            try Recipe.parse(yaml, file: "r.yaml", overrides: overrides, catalog: Self.ours)
        }
        let found = try #require(error)
        return "\(found)"
    }

    @Test func theStrongViewIsThePapersUnlessTheRecipeHasOne() throws {
        let strong = try #require(try recipe().data.augmentation.strong)
        #expect(strong.colorJitter.brightness == 0.4 && strong.colorJitter.contrast == 0.4 && strong.colorJitter.saturation == 0.4)
        #expect(strong.colorJitter.hue == 0.1 && strong.colorJitter.probability == 1 && strong.grey == 0.2)
        #expect(strong.blur?.probability == 1 && strong.blur?.sigma == 0.1...2)
        let own = try #require(try recipe(Self.base, "data.augmentation.strong.grey=0.5").data.augmentation.strong)
        #expect(own.grey == 0.5 && own.blur == nil)
        #expect(try parse(smallest).data.augmentation.strong == nil)
    }

    @Test func itsTapsAreTheStudents() throws {
        let method = try recipe(Self.base, "distillation.views.taps.studentClasses=none").distillation[0]
        #expect(method.taps == ["student": "stage4", "studentClasses": "none"])
        #expect(!method.schema.needsTeacher && method.schema.comparesViews)
        #expect(try refusal(Self.base, "distillation.views.taps.teacher=stage4").contains("unknown key 'teacher'"))
    }

    @Test func whatIsWrittenOutIsReadAgain() throws {
        let recipe = try recipe()
        #expect(try self.recipe(recipe.resolvedYAML).data.augmentation.strong == recipe.data.augmentation.strong)
    }

    @Test func whatCannotWorkIsRefused() throws {
        #expect(
            try refusal(Self.base + "\nteacher: {model: espnetv2-s2.0}").contains(
                "teacher: has no effect without a method that looks at it in 'distillation', such as - method: kd"))
        #expect(
            try refusal(Self.base, "data.augmentation.crop=none", "data.augmentation.scale=[1.0, 1.0]").contains(
                "views compares two views of an image, which have one size: set 'data.augmentation.crop'"))
        #expect(try refusal(Self.base, "loss.task=none").contains("the losses on the validation images are the score"))
        #expect(
            try refusal(Self.base.replacing("{method: views}", with: "{method: views}, {method: kd}")).contains("needs a 'teacher' section")
        )
    }
}
