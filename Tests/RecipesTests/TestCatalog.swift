import Recipes
import Testing

/// A small table of models, methods and data sets, as `SegModels`, `Distill` and `SegData` would give it.
let catalog = RecipeCatalog(
    models: ["espnetv2-s0.5", "espnetv2-s1.0", "espnetv2-s2.0", "fcn-resnet18", "deeplabv3-resnet18", "deeplabv3-resnet50"],
    methods: [
        MethodSchema(
            "kd", doc: "Class probabilities at every pixel.",
            settings: [SettingSchema("temperature", .positive, default: 1.0, doc: "Softens both sides.")]),
        MethodSchema(
            "cwd", doc: "Where each channel looks.", weight: 3,
            settings: [
                SettingSchema("temperature", .positive, default: 4.0, doc: "Shu et al. 2021."),
                SettingSchema("normalize", .choice(["channel", "space"]), default: "space", doc: "Over what."),
                SettingSchema("groups", .integer(minimum: 1), default: 1, doc: "Groups of channels."),
                SettingSchema("mask", .flag, default: false, doc: "Leave out ignored pixels."),
            ],
            taps: [TapSchema("features", teacher: "features", student: "features", doc: "a map.")]),
    ],
    datasets: [
        DatasetSchema(
            "camvid", crop: PixelSize(height: 360, width: 360), hasOneSize: true, classCount: 11, classMaps: ["common7": 7], keys: ["root"]),
        DatasetSchema(
            "idd-lite", splits: ["train", "val"], test: ["val"], crop: PixelSize(height: 224, width: 224), classCount: 7,
            classMaps: ["common7": 7], keys: ["root"]),
        DatasetSchema(
            "folder", splits: [], crop: PixelSize(height: 512, width: 512), classCount: nil,
            keys: ["root", "classes", "images", "labels", "imageSuffix", "labelSuffix", "ignore"]),
        DatasetSchema(
            "street-scenes", domains: ["clear", "fog", "night"], crop: nil, hasOneSize: true, classCount: 11, classMaps: ["common7": 7],
            keys: ["count", "evaluationCount", "size", "domain", "severity"]),
    ])

/// The shortest recipe there is.
let smallest = """
    name: tiny
    data:
      dataset: street-scenes
    student:
      model: espnetv2-s0.5
    """

func parse(_ yaml: String, _ overrides: String...) throws -> Recipe {
    try Recipe.parse(yaml, file: "r.yaml", overrides: overrides, catalog: catalog).recipe
}

/// The message with which the recipe is refused.
func refusal(_ yaml: String, _ overrides: String...) -> String {
    do {
        let recipe = try Recipe.parse(yaml, file: "r.yaml", overrides: overrides, catalog: catalog).recipe
        return "accepted: \(recipe.name)"
    } catch {
        return "\(error)"
    }
}
