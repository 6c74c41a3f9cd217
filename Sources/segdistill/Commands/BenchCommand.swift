import ArgumentParser
import Distill
import Foundation
import Recipes
import Support
import Torch
import Train

/// `bench step|loader|model|loss`: how fast it goes here.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures how fast a training step, the loader, a model or a loss is on this machine.",
        discussion: "Prints the median and the fastest of the repeats, after a warm-up that is not counted.",
        subcommands: [Step.self, Loader.self, Model.self, Loss.self])

    struct Repeats: ParsableArguments {
        @Option(help: "Measurements.")
        var repeats = 20

        @Option(help: "Calls before the first measurement.")
        var warmup = 3

        func validate() throws {
            guard repeats > 0, warmup >= 0 else { throw ValidationError("expected --repeats of at least 1 and --warmup of at least 0") }
        }

        func show(_ benchmark: Benchmark, _ what: String) {
            print(
                "\(benchmark.name) \(what): median \(fixed(benchmark.median * 1e3, 2)) ms, fastest \(fixed(benchmark.fastest * 1e3, 2)) ms, "
                    + "\(significant(benchmark.imagesPerSecond)) images/s")
        }
    }

    struct Step: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The whole training step of a recipe: loader, teacher, losses, backward, optimiser.",
            discussion: "Example:\n  segdistill bench step Recipes/street-scenes/distilled.yaml student.precision=float32")

        @OptionGroup var recipe: RecipeArguments
        @OptionGroup var repeats: Repeats

        func run() throws {
            let recipe = try recipe.load(checkingPaths: true).recipe
            let setup = try TrainingSetup(recipe, checkingData: false)
            repeats.show(try .step(setup, repeats: repeats.repeats, warmup: repeats.warmup), "of \(recipe.name) on \(setup.device)")
        }
    }

    struct Loader: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The loader of a recipe alone: decoding, augmentation, batching.",
            discussion: "Example:\n  segdistill bench loader Recipes/camvid/teacher.yaml data.loader.cacheMegabytes=0")

        @OptionGroup var recipe: RecipeArguments
        @OptionGroup var repeats: Repeats

        func run() throws {
            let recipe = try recipe.load(checkingPaths: true).recipe
            repeats.show(try .loader(recipe, repeats: repeats.repeats, warmup: repeats.warmup), "of \(recipe.name)")
        }
    }

    struct Model: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A network's forward pass, or forward and backward, on random weights and images.",
            discussion: """
                Examples:
                  segdistill bench model espnetv2-s0.5 --height 360 --width 480 --precision float32
                  segdistill bench model dinov2-small --height 518 --width 518
                  segdistill bench model segformer-b0 --height 512 --width 512 --batch 4 --backward
                """)

        @Argument(help: "The name of a model or a backbone, library:name, or a folder with config.json.") var name: String
        @Option(help: "Images at once.") var batch = 1
        @Option(help: "Pixels.") var height = 352
        @Option(help: "Pixels.") var width = 480
        @Option(help: "Classes, for a model with a segmentation head.") var classes = 11
        @Option(help: "auto, float32 or bf16.") var precision = "auto"
        @Flag(help: "Forward and backward, in training mode.") var backward = false
        @Flag(inversion: .prefixedNo, help: "A pixel's channels side by side in memory.") var channelsLast = true
        @Option(help: "Threads of the processor; all cores unless given.") var threads: Int?
        @Option(help: "auto, cpu, cuda, cuda:N or mps.") var device = "auto"
        @Flag(help: ArgumentHelp("One pass for each line of standard input, its seconds printed: to take turns with a rival.")) var paced =
            false
        @OptionGroup var repeats: Repeats

        func run() throws {
            guard let precision = Precision(rawValue: precision) else {
                throw ValidationError("expected --precision auto, float32 or bf16, found '\(precision)'")
            }
            try LibTorch.load()
            LibTorch.threads = threads ?? LibTorch.automaticThreads
            let place = try Device(device)
            let workload = try withTorchErrors { try ModelWorkload(name, options(precision), device: place) }
            if paced { return try pace(workload) }
            let benchmark = try Benchmark.model(workload, repeats: repeats.repeats, warmup: repeats.warmup)
            repeats.show(
                benchmark, "\(name), \(batch)×\(height)×\(width), \(precision.rawValue)\(backward ? ", with gradients" : "") on \(place)")
        }

        private func options(_ precision: Precision) -> ModelWorkload.Options {
            var options = ModelWorkload.Options()
            (options.batch, options.height, options.width, options.classes) = (batch, height, width, classes)
            (options.precision, options.channelsLast, options.backward) = (precision, channelsLast, backward)
            return options
        }

        private func pace(_ workload: ModelWorkload) throws {
            let clock = ContinuousClock()
            while readLine() != nil {
                let time = try clock.measure { try withTorchErrors { workload.run() } }
                FileHandle.standardOutput.write(Data("\(time / .seconds(1))\n".utf8))
            }
        }
    }

    struct Loss: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A method's loss and its gradient on random maps.",
            discussion: "Example:\n  segdistill bench loss cwd --shape 8,11,45,60 --set temperature=2")

        @Argument(help: "The method's name.") var name: String
        @Option(help: "Batch, channels, height and width of the maps.") var shape = "8,19,64,64"
        @Option(name: .customLong("set"), help: ArgumentHelp("A setting of the method; may be repeated.", valueName: "key=value"))
        var settings: [String] = []
        @Option(help: "auto, cpu, cuda, cuda:N or mps.") var device = "auto"
        @OptionGroup var repeats: Repeats

        func run() throws {
            let sides = shape.split(separator: ",").compactMap { Int($0) }.filter { $0 > 0 }
            guard sides.count == 4 else { throw ValidationError("expected --shape B,C,h,w, found '\(shape)'") }
            let recipe = try MethodRecipe.parse(Methods.named(name).schema, settings: settings)
            try LibTorch.load()
            let place = try Device(device)
            let benchmark = try Benchmark.loss(
                recipe, shape: sides, device: place, repeats: repeats.repeats, warmup: repeats.warmup)
            repeats.show(benchmark, "\(name), \(sides.map(String.init).joined(separator: "×")) on \(place)")
        }
    }
}
