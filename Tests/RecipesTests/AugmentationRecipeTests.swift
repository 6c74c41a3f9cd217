import Recipes
import Testing

@Suite struct AugmentationRecipeTests {
    private func augmentation(_ text: String) throws -> AugmentationRecipe {
        try parse(smallest, "data.augmentation=\(text)").data.augmentation
    }

    @Test func everythingIsOffUnlessAsked() throws {
        let plain = try augmentation("{}")
        #expect(plain.mix == nil && plain.strong == nil && plain.photometric == PhotometricRecipe() && plain.categoryLimit == 1)
        #expect(plain.photometric.blur == nil && plain.photometric.erasing == nil && plain.photometric.randAugment == nil)
    }

    @Test func settingsHaveTheirSourcesDefaults() throws {
        let full = try augmentation(
            "{resize: [512, 2048], resizeMode: edges, categoryLimit: 0.75, photometric: mmseg, randAugment: {geometry: true}, "
                + "blur: {}, erasing: {labels: ignore}, mix: {kind: classMix, probability: 0.5}, grey: 0.2, "
                + "strong: {colorJitter: {hue: 0.25, probability: 0.8}, blur: {sigma: [0.15, 1.15]}}}")
        #expect(full.resizeMode == .edges && full.photometric.distortion == .mmseg)
        #expect(full.photometric.randAugment?.count == 2 && full.photometric.randAugment?.magnitude == 9)
        #expect(full.photometric.blur?.sigma == 0.1...2 && full.photometric.erasing?.area == 0.02...0.33)
        #expect(full.photometric.erasing?.labels == .ignore && full.mix?.kind == .classMix)
        #expect(full.strong?.colorJitter.probability == 0.8 && full.strong?.blur?.sigma == 0.15...1.15)
        #expect(full.strong?.grey == 0 && full.photometric.grey == 0.2)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        let recipe = try parse(
            smallest, "data.augmentation={scales: [0.5, 1.0], blur: {probability: 0.3}, mix: {kind: cutMix}, strong: {grey: 0.4}}")
        let again = try parse(recipe.resolvedYAML)
        #expect(again.data.augmentation == recipe.data.augmentation)
        #expect(!recipe.resolvedYAML.contains("longSide"))
    }

    @Test(arguments: [
        ("{mix: {}}", "data.augmentation.mix.kind: this key is required: cutMix: a rectangle"),
        (
            "{mix: {kind: cutmix}}",
            "data.augmentation.mix.kind: expected cutMix, classMix or copyPaste, found 'cutmix'; did you mean 'cutMix'?"
        ),
        ("{crop: none, scale: [1.0, 1.0], mix: {kind: cutMix}}", "data.augmentation.mix: needs images of one size: set 'crop'"),
        ("{scales: [0.5, 0]}", "data.augmentation.scales: expected numbers greater than 0"),
        ("{scales: [1.0], scale: [0.5, 1.0]}", "data.augmentation.scale: has no effect here"),
        ("{resizeMode: inside}", "data.augmentation.resizeMode: has no effect here: it belongs to a 'resize'; leave it out"),
        ("{resize: [9, 9], shortSide: [4]}", "data.augmentation.shortSide: has no effect here"),
        ("{longSide: 9}", "data.augmentation.longSide: has no effect here"),
        ("{strong: {randAugment: {geometry: true}}}", "data.augmentation.strong.randAugment.geometry: would move the second view's pixels"),
        ("{blur: {sigma: [1, 60]}}", "data.augmentation.blur.sigma: expected at most 50 pixels"),
        ("{gaussianBlur: {}}", "data.augmentation: unknown key 'gaussianBlur'; did you mean 'blur'?"),
        ("{cutout: {}}", "data.augmentation: unknown key 'cutout'; did you mean 'erasing'?"),
    ])
    func whatCannotBe(text: String, message: String) {
        let found = refusal(smallest, "data.augmentation=\(text)")
        #expect(found.contains(message), "\(found)")
    }
}
