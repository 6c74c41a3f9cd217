import ArgumentParser
import Foundation
import Recipes
import SegData
import Support
import Torch
import Train
import ZeroShot

/// `pseudo-label`: the objects of unlabelled images, as a teacher finds them.
struct PseudoLabelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pseudo-label",
        abstract: "Writes the objects that a teacher finds in a recipe's unlabelled images.",
        discussion: """
            One COCO file, with scores, masks and the teacher's identity, to train on: data.unlabelled.pseudoLabels. A pixel belongs to \
            the surest object that has it. The images are those of data.unlabelled, or what data.fraction or data.labelled leaves out. \
            Ctrl-C keeps what is done, and the same command goes on; a file that this teacher has written of these images stays. \
            A recipe with data.unlabelled.teacher does all this before it trains.

            With --segmenter the teacher is untrained: the folder of a Grounding DINO that looks for the names of the data's classes, and whose \
            boxes prompt that SAM 2.

            Examples:
              segdistill pseudo-label runs/dsb2018/teacher-seed1 Recipes/sskd/short/dsb2018.yaml --stage student --out nuclei.json
              segdistill pseudo-label grounding-dino-base street.yaml --segmenter sam2.1-hiera-large --out streets.json
              segdistill data check nuclei.json --pictures check
            """)

    @Argument(
        help: "The teacher: a run folder, a checkpoint in it, or a model.safetensors; with --segmenter the folder of a Grounding DINO.",
        completion: .file())
    var teacher: String

    @OptionGroup var recipe: RecipeArguments

    @Option(help: "The folder of a SAM 2, for a teacher that finds objects by name.", completion: .directory)
    var segmenter: String?

    @Option(help: "The file to write.", completion: .file(extensions: ["json"]))
    var out: String

    @Option(help: "The lowest score; the recipe's data.unlabelled.threshold (0.3) unless given.")
    var threshold: Double?

    @Option(help: "Of a recipe of stages, the one whose unlabelled images are meant; the first that has some unless given.")
    var stage: String?

    func validate() throws {
        if let threshold, !(0...1).contains(threshold) { throw ValidationError("expected a --threshold from 0 to 1, found \(threshold)") }
    }

    func run() throws {
        let recipe = try chosenRecipe()
        try LibTorch.load()
        LibTorch.threads = recipe.threads ?? LibTorch.automaticThreads
        let work = try segmenter.map { try byName($0, recipe) } ?? PseudoLabelling(teacher: teacher, recipe, threshold: threshold)
        let file = URL(fileURLWithPath: out)
        try refuseOther(file)
        if let there = try? work.existing(at: file) {
            print("\(out) is there already\n\n\(PseudoLabelStatistics(there).text)")
            return
        }
        let bar = ProgressBar("pseudo-label", total: work.images.count)
        let labels = try Interruption.observed {
            try work.run(to: file, device: Device(recipe.device), progress: { done, _ in bar.update(done) }) {
                Interruption.isRequested
            }
        }
        bar.finish()
        guard let labels else {
            complain("interrupted; what is done is kept, the same command goes on")
            throw ArgumentParser.ExitCode(Support.ExitCode.interrupted.rawValue)
        }
        print("\(out)\n\n\(PseudoLabelStatistics(labels).text)")
    }

    /// SSKD's composite teacher, which looks for the classes' names.
    private func byName(_ segmenter: String, _ recipe: Recipe) throws -> PseudoLabelling {
        let folders = [teacher, segmenter].map { URL(fileURLWithPath: $0) }
        let classes = try recipe.data.objectClasses()
        let identity = try PseudoLabelInfo.Teacher(detector: teacher, segmenter: segmenter)
        let least = threshold ?? recipe.data.leastScore
        return try PseudoLabelling(by: identity, tells: classes, recipe, threshold: least) { device in
            try GroundedSegmenter(
                detector: folders[0], segmenter: folders[1], classes: classes.names.joined(separator: " . ") + " .", threshold: least,
                device: device)
        }
    }

    private func chosenRecipe() throws -> Recipe {
        guard let stages = try recipe.loadStages() else {
            guard stage == nil else {
                throw UserError("\(recipe.recipe) has no stages", hint: "Leave --stage out.", exitCode: .usage)
            }
            return try recipe.load(checkingPaths: false).recipe
        }
        if let found = stages.stages.first(where: { stage == nil ? $0.recipe.data.unlabelled != nil : $0.name == stage }) {
            return found.recipe
        }
        let names = stages.names.joined(separator: ", ")
        throw UserError(
            stage.map { "\(recipe.recipe) has no stage '\($0)'" } ?? "no stage of \(recipe.recipe) has data.unlabelled",
            hint: "Name one with --stage: \(names).", exitCode: .usage)
    }

    /// Whatever else is there is somebody's.
    private func refuseOther(_ file: URL) throws {
        guard FileManager.default.fileExists(atPath: file.path), !PseudoLabels.isThere(file) else { return }
        throw UserError("\(out) is there and holds no pseudo-labels", hint: "Choose another --out.")
    }
}
