import ArgumentParser
import Foundation
import Recipes
import SegModels
import Support
import Torch
import Train
import Vision
import ZeroShot

/// `predict`: label maps of pictures, or the objects in them.
struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Labels pictures with a trained network.",
        discussion: """
            For every picture NAME.jpg it writes NAME.png, whose pixels are class indices in the classes' colours, \
            and with --overlay also NAME.overlay.jpg to look at. A network that was trained on objects finds those: predictions.json is \
            COCO's JSON with masks and scores, which 'metrics instance' scores; --format cityscapes writes NAME.txt and the masks as PNGs.

            With --classes the network is the folder of a Grounding DINO, whose boxes prompt the SAM 2 of --segmenter: it finds \
            whatever the text names, without training, and writes predictions.json, COCO's JSON with masks and scores.

            Examples:
              segdistill predict runs/camvid/cwd-seed0 street.jpg --out labels
              segdistill predict runs/camvid/cwd-seed0 photos/ --out labels --overlay
              segdistill predict runs/dsb2018/plain-seed0 cells/ --out nuclei --threshold 0.3 --overlay
              segdistill predict grounding-dino-tiny photos/ --segmenter sam2.1-hiera-large --classes "car . traffic light ." --out found
            """)

    @Argument(
        help: "A run folder, a checkpoint in it, or a model.safetensors; with --classes the folder of a Grounding DINO.",
        completion: .file())
    var network: String

    @Argument(help: "JPEG or PNG pictures, or folders of them.", completion: .file())
    var images: [String]

    @Option(help: "The folder for the label maps, or for predictions.json.", completion: .directory)
    var out: String

    @Flag(help: "Also write each picture with its labels or objects laid over it.")
    var overlay = false

    @Option(help: "What to look for: phrases with a full stop behind each, \"car . traffic light .\"")
    var classes: String?

    @Option(help: "With --classes: the folder of a SAM 2.", completion: .directory)
    var segmenter: String?

    @Option(help: "Of objects: the least score, 0 to 1 (default: 0.5, with --classes 0.3).")
    var threshold: Double?

    @Option(help: "Of the objects of a trained network: coco, or cityscapes. Needed for objects only where the network belongs to no run.")
    var format: ObjectFormat?

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    func validate() throws {
        if let threshold, !(0..<1).contains(threshold) {
            throw ValidationError("--threshold is \(threshold); expected a number from 0 to below 1")
        }
        if classes != nil && format != nil { throw ValidationError("--format is for a trained network; --classes writes coco") }
        guard classes == nil || segmenter == nil else { return }
        if classes != nil { throw ValidationError("expected --segmenter FOLDER beside --classes: the SAM 2 that makes masks of boxes") }
        if segmenter != nil { throw ValidationError("expected --classes TEXT beside --segmenter: what to look for") }
    }

    func run() throws {
        let files = try pictures()
        if let classes, let segmenter {
            try LibTorch.load()
            let grounded = try GroundedSegmenter(
                detector: URL(fileURLWithPath: network), segmenter: URL(fileURLWithPath: segmenter), classes: classes,
                threshold: threshold ?? 0.3, device: Device(device))
            return try write(grounded, in: files)
        }
        if GroundingDINO.isThere(URL(fileURLWithPath: network)) {
            throw UserError(
                "\(network) holds a detector that reads text",
                hint: "Say what to look for, and what makes masks: --classes TEXT --segmenter FOLDER",
                exitCode: .usage)
        }
        try LibTorch.load()
        let trained = try TrainedNetwork(at: network)
        let recipe = trained.run == nil ? Recipe() : try trained.recipe([])
        // A file that belongs to no run does not say what it was trained on.
        if recipe.loss.task == .instances || format != nil {
            let predictor = try ObjectPredictor(
                trained.network(recipe, device: device), threshold: threshold ?? 0.5, evaluation: recipe.evaluation)
            return try write(TrainedObjectFinder(objectClasses: trained.saved.info.classes, predictor: predictor), in: files)
        }
        guard threshold == nil else {
            throw UserError(
                "\(network) labels pixels; --threshold is for objects",
                hint: "If it is one that predicts masks, --format coco takes it for a network that finds objects.", exitCode: .usage)
        }
        let predictor = try Predictor(
            trained.saved, device: Device(device), precision: recipe.student.precision, evaluation: recipe.evaluation)
        let folder = try outFolder()
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

    /// The folder for what is written, made.
    func outFolder() throws -> URL {
        let folder = URL(fileURLWithPath: out)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw UserError("cannot make the folder \(out): \(error.localizedDescription)", hint: "Choose another --out.")
        }
        return folder
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
