import ArgumentParser
import Foundation
import Recipes
import SegData
import Support
import Train
import Vision

extension DataCommand {
    struct Preview: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes a picture of augmented samples: what training sees.",
            discussion: """
                Each sample is shown as image, second view where the recipe has one, and image under its labels (ignored pixels \
                dark) with its objects' outlines. Data without a recipe are shown with the default augmentation.

                Examples:
                  segdistill data preview Recipes/camvid/kd.yaml --out augmented.jpg
                  segdistill data preview Recipes/camvid/kd.yaml data.augmentation.mix.kind=classMix --out mixed.jpg
                  segdistill data preview street-scenes --count 6 --out scenes.jpg
                """)

        @OptionGroup var arguments: DataArguments

        @Argument(
            help: ArgumentHelp("Changes to the recipe, such as data.augmentation.flip=0 seed=1.", valueName: "key=value"))
        var overrides: [String] = []

        @Option(help: "The picture to write, .jpg or .png.", completion: .file(extensions: ["jpg", "png"]))
        var out: String

        @Option(help: "How many samples are shown, spread evenly over the data; of several epochs where they are fewer.")
        var count = 12

        func validate() throws {
            if !(1...1000).contains(count) { throw ValidationError("expected a --count from 1 to 1000, found \(count)") }
            guard [".jpg", ".jpeg", ".png"].contains(where: out.lowercased().hasSuffix) else {
                throw ValidationError("expected an --out that ends in .jpg or .png, found '\(out)'")
            }
            for override in overrides where !override.dropFirst().contains("=") {
                throw ValidationError("expected key=value after the data, found '\(override)'")
            }
            if !overrides.isEmpty && !arguments.isRecipe {
                throw ValidationError("'\(overrides[0])' changes a recipe, and '\(arguments.source)' is none")
            }
        }

        func run() throws {
            let (recipe, seed) = try load()
            let dataset = try recipe.dataset(splits: arguments.split.map { NameList([$0]) } ?? recipe.train)
            let limited = arguments.limit.map { SpreadDataset(dataset, limit: $0) } ?? dataset
            let picture = try ContactSheet(limited, Augmentation(recipe.augmentation), seed: seed).picture(count: count)
            try picture.write(to: URL(fileURLWithPath: out))
            print("\(out): \(count) samples, \(picture.width)×\(picture.height)")
        }

        private func load() throws -> (recipe: DataRecipe, seed: Int) {
            if arguments.isRecipe {
                let recipe = try Recipe.load(arguments.source, overrides: overrides, catalog: .standard).recipe
                return (recipe.data, recipe.seed)
            }
            var data = try arguments.dataRecipe()
            data.augmentation.crop = data.dataset.crop ?? data.size
            return (data, 0)
        }
    }
}
