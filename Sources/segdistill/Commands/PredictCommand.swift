import ArgumentParser
import Foundation
import Recipes
import Support
import Torch
import Train
import Vision

/// `predict`: label maps of pictures.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Labels pictures with a trained network.",
        discussion: """
            For every picture NAME.jpg it writes NAME.png, whose pixels are class indices in the classes' colours, \
            and with --overlay also NAME.overlay.jpg to look at.

            Examples:
              segdistill predict runs/camvid/cwd-seed0 street.jpg --out labels
              segdistill predict runs/camvid/cwd-seed0 photos/ --out labels --overlay
            """)

    @Argument(help: "A run folder, a checkpoint in it, or a model.safetensors.", completion: .file())
    var network: String

    @Argument(help: "JPEG or PNG pictures, or folders of them.", completion: .file())
    var images: [String]

    @Option(help: "The folder for the label maps.", completion: .directory)
    var out: String

    @Flag(help: "Also write each picture with its labels laid over it.")
    var overlay = false

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    func run() throws {
        let files = try pictures()
        try LibTorch.load()
        let trained = try TrainedNetwork(at: network)
        let recipe = trained.run == nil ? Recipe() : try trained.recipe([])
        let predictor = try Predictor(
            trained.saved, device: Device(device), precision: recipe.student.precision, evaluation: recipe.evaluation)
        let folder = URL(fileURLWithPath: out)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw UserError("cannot make the folder \(out): \(error.localizedDescription)", hint: "Choose another --out.")
        }
        let bar = ProgressBar("predict", total: files.count)
        for (index, file) in files.enumerated() {
            let image = try Image(contentsOf: file)
            let labels = try predictor(image)
            let stem = file.deletingPathExtension().lastPathComponent
            let palette = predictor.classes.palette
            try labels.write(to: folder.appendingPathComponent(stem + ".png"), palette: palette)
            if overlay {
                try image.overlaid(with: labels, palette: palette).write(to: folder.appendingPathComponent(stem + ".overlay.jpg"))
            }
            bar.update(index + 1)
        }
        bar.finish()
        print("\(files.count) label maps in \(out): \(predictor.classes.names.enumerated().map { "\($0) \($1)" }.joined(separator: ", "))")
    }

    /// The pictures that the arguments name, folders opened.
    /// - Throws: `UserError` when one is missing, a folder has none, or two would be written to the same file.
    private func pictures() throws -> [URL] {
        var files: [URL] = []
        for path in images {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw UserError("there is no picture \(path)", hint: "Paths start from \(FileManager.default.currentDirectoryPath).")
            }
            guard isFolder.boolValue else {
                files.append(URL(fileURLWithPath: path))
                continue
            }
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
            let found = names.filter { ["jpg", "jpeg", "png"].contains(($0 as NSString).pathExtension.lowercased()) }
            guard !found.isEmpty else { throw UserError("the folder \(path) has no JPEG or PNG pictures") }
            files += found.map { URL(fileURLWithPath: path).appendingPathComponent($0) }
        }
        let stems = Dictionary(grouping: files) { $0.deletingPathExtension().lastPathComponent }
        if let (stem, twice) = stems.first(where: { $0.value.count > 1 }) {
            throw UserError(
                "\(twice[0].path) and \(twice[1].path) would both be written to \(out)/\(stem).png", hint: "Predict them into two folders.")
        }
        return files
    }
}
