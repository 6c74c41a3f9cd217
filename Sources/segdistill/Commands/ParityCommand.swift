import ArgumentParser
import Distill
import Foundation
import Recipes
import SegModels
import Support
import Torch

/// `parity model|loss`: tensors in, tensors out, to check against any other implementation.
struct ParityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parity",
        abstract: "Computes a model or a loss on given tensors, to check it against another implementation.",
        subcommands: [Model.self, Loss.self])

    struct Files: ParsableArguments {
        @Option(help: "A safetensors file with the input tensors.", completion: .file(extensions: ["safetensors"]))
        var input: String?

        @Option(help: "Where the output tensors go, as safetensors.", completion: .file(extensions: ["safetensors"]))
        var output: String?

        func required() throws -> (input: URL, output: URL) {
            guard let input, let output else { throw ValidationError("expected --input FILE and --output FILE") }
            return (URL(fileURLWithPath: input), URL(fileURLWithPath: output))
        }
    }

    struct Model: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs a model on the tensor 'image' (B×3×H×W, float32, already normalised).",
            discussion: """
                Writes the taps (stage1 … stage4; cls, patches, block.<i>; features) and 'logits'. A folder in Hugging Face layout says itself \
                what it is; a bare file needs the model's name, and the number of classes is read off it. A Grounding DINO also wants \
                'input_ids' (1×T, int64), and a SAM 2 makes masks where there are 'boxes' (1×K×4), or 'points' (1×K×P×2) and 'labels'.

                Examples:
                  segdistill parity model --weights dinov2-small/ --input image.safetensors --output out.safetensors
                  segdistill parity model espnetv2-s2.0 --weights espnetv2_s_2.0.safetensors \\
                      --input image.safetensors --output out.safetensors
                """)

        @Argument(help: "The model's name, for a bare file: of a recipe, or library:name, such as torchvision:resnet18.")
        var name: String?

        @Option(help: "A folder with config.json, or a file: safetensors or .pth.", completion: .file())
        var weights: String

        @Option(help: "Pixels of a patch's side, other than the file's: kernels of a plain vision transformer are resized.")
        var patchSize: Int?

        @OptionGroup var files: Files

        func run() throws {
            let (input, output) = try files.required()
            if name == nil, !ModelFolder.isThere(URL(fileURLWithPath: weights)) {
                throw UserError(
                    "\(weights) is not a folder with a config.json, so it doesn't say what it is",
                    hint:
                        "Name the model before --weights: segdistill parity model NAME --weights …; 'segdistill models list' shows the names.",
                    exitCode: .usage)
            }
            try LibTorch.load()
            let result = try ModelParity.run(
                name, weights: URL(fileURLWithPath: weights), patchSize: patchSize, inputs: Tensor.load(input))
            try Tensor.save(result, to: output)
        }
    }

    struct Loss: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Computes a distillation loss, or Mask2Former's own (mask2former), and its gradients.",
            discussion: """
                Inputs carry the names that --describe prints; outputs are 'loss', each term by name, and \
                'grad.<input>' for every student input.

                Examples:
                  segdistill parity loss cwd --describe
                  segdistill parity loss kd --input taps.safetensors --output loss.safetensors --set temperature=2
                """)

        @Argument(help: "The method's name, or mask2former.")
        var name: String

        @Option(name: .customLong("set"), help: ArgumentHelp("A setting of the method; may be repeated.", valueName: "key=value"))
        var settings: [String] = []

        @Flag(help: "Print the names, shapes and meaning of inputs and settings.")
        var describe = false

        @OptionGroup var files: Files

        func run() throws {
            if name == MaskLossParity.schema.name {
                return try run(MaskLossParity.schema, MaskLossParity.description, MaskLossParity.run)
            }
            if name == ContrastLossParity.schema.name {
                return try run(ContrastLossParity.schema, ContrastLossParity.description, ContrastLossParity.run)
            }
            let method = try Methods.named(name)
            try run(method.schema, LossParity.description(of: method), LossParity.run)
        }

        private func run(
            _ schema: MethodSchema, _ description: String, _ loss: (MethodRecipe, [String: Tensor]) throws -> [(String, Tensor)]
        ) throws {
            if describe { return print(description) }
            let recipe = try MethodRecipe.parse(schema, settings: settings)
            let (input, output) = try files.required()
            try LibTorch.load()
            try Tensor.save(loss(recipe, Tensor.load(input)), to: output)
        }
    }
}
