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

    @Argument(help: "A run folder, a checkpoint in it, a model.safetensors, or a folder with config.json.", completion: .file())
    var network: String

    @Option(help: "huggingface.")
    var format = Format.huggingface

    @Option(help: "The new folder.", completion: .directory)
    var out: String

    func run() throws {
        try LibTorch.load()
        let target = URL(fileURLWithPath: out)
        let source = URL(fileURLWithPath: network)
        if ModelFolder.isThere(source) {
            let folder = try ModelFolder(source)
            try ModelFolder.write(try folder.load(), classes: folder.description.classNames, to: target)
        } else {
            let saved = try SavedModel(at: network)
            try ModelFolder.write(saved.network(), classes: saved.info.classes.names, to: target)
        }
        print("a folder for transformers: \(out)")
    }
}
