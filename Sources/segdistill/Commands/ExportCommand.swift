import ArgumentParser
import Foundation
import SegModels
import Support
import Torch
import Train

/// `export`: a trained network in the layout of another library.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a trained network for another library.",
        discussion: """
            huggingface: a folder with config.json, model.safetensors and preprocessor_config.json, which transformers loads with \
            equal outputs. For networks that transformers has; the others stay in their own model.safetensors.

            Example:
              segdistill export runs/mine/student --format huggingface --out student-hf
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case huggingface }

    @Argument(help: "A run folder, a checkpoint in it, or a model.safetensors.", completion: .file())
    var network: String

    @Option(help: "huggingface.")
    var format = Format.huggingface

    @Option(help: "The new folder.", completion: .directory)
    var out: String

    func run() throws {
        let saved = try SavedModel(at: network)
        try LibTorch.load()
        let model = try saved.load()
        try ModelFolder.write(model, classes: saved.info.classes.names, to: URL(fileURLWithPath: out))
        print("\(saved.info.model) as a folder for transformers: \(out)")
    }
}
