import ArgumentParser
import Foundation
import Recipes
import Runs
import SegEval
import Support
import Torch
import Train

/// `evaluate`: scores of a trained network on labelled images.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Scores a trained network: mIoU, accuracies and the IoU of every class; of objects AP and boundary AP.",
        discussion: """
            Scores on the run's own data are written into the run folder, where compare and report find them. \
            Other data are named by a recipe whose 'data' and 'evaluation' count.

            Examples:
              segdistill evaluate runs/camvid/cwd-seed0
              segdistill evaluate runs/camvid/cwd-seed0 evaluation.flip=true 'evaluation.scales=[0.75, 1, 1.25]'
              segdistill evaluate runs/camvid/cwd-seed0 'evaluation.metrics=[boundary, calibration]' --pictures out
              segdistill evaluate runs/camvid/teacher-seed0 --data mine.yaml --split val --json
            """)

    enum Split: String, ExpressibleByArgument, CaseIterable { case train, val, test }

    @Argument(help: "A run folder, a checkpoint in it, or a model.safetensors.", completion: .file())
    var network: String

    @Argument(help: ArgumentHelp("Changes to the recipe, such as evaluation.flip=true.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: "A recipe with other data.", completion: .file(extensions: ["yaml"]))
    var data: String?

    @Option(help: "train, val or test.")
    var split = Split.test

    @Option(help: "auto, cpu, cuda, cuda:N or mps; the recipe's unless given.")
    var device: String?

    @Option(help: "A folder for pictures of the best and the worst images.", completion: .directory)
    var pictures: String?

    @Flag(help: "Everything as JSON, scores as fractions.")
    var json = false

    func run() throws {
        try LibTorch.load()
        let trained = try TrainedNetwork(at: network)
        let other = try data.map { try Recipe.load($0, overrides: overrides, catalog: .standard).recipe }
        let recipe = try other ?? trained.recipe(overrides)
        let purpose: DataRecipe.Purpose = [.train: .train, .val: .validation, .test: .test][split]!
        let ofObjects = try trained.run == nil ? recipe.loss.task == .instances : trained.recipe([]).loss.task == .instances
        if ofObjects { return try evaluateObjects(trained, recipe, purpose) }
        let kept = data == nil ? trained.run : nil
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("segdistill-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let metrics = try withTorchErrors {
            let tester = Tester(try trained.network(recipe, device: device), trained.saved.info, recipe)
            let bar = ProgressBar("evaluate", total: try tester.imageCount(purpose))
            let metrics = try tester.score(
                kept, purpose: purpose, checkpoint: trained.checkpointName, predictions: pictures == nil ? nil : scratch,
                progress: { bar.update($0) })
            bar.finish()
            return metrics
        }
        if let pictures {
            let source = EvaluationPictures(
                dataset: try recipe.data.dataset(purpose), predictions: kept?.predictions(named: metrics.split) ?? scratch)
            let ranked = metrics.images.ranked(by: { $0.scores.meanIoU })
            try source.write(ranked, "best", to: URL(fileURLWithPath: pictures))
            try source.write(ranked.reversed(), "worst", to: URL(fileURLWithPath: pictures))
        }
        if json { try printJSON(metrics) } else { print(text(metrics)) }
    }

    private func text(_ metrics: Metrics) -> String {
        let speed = metrics.imagesPerSecond.map { ", \(significant($0)) images/s" } ?? ""
        let title =
            "\(metrics.model) (\(metrics.checkpoint)) on \(metrics.dataset) \(metrics.split): \(metrics.images.count) images, "
            + "\(metrics.protocolName)\(speed)"
        let table = SemanticTable(
            names: metrics.classes.map(\.name), confusion: metrics.confusion, outside: metrics.outside,
            extra: metrics.extra ?? SemanticScores())
        return [title, table.text, metrics.domains?.text, metrics.calibration?.text].compactMap(\.self).joined(separator: "\n\n")
            + "\n\nmIoU \(percentage(metrics.meanIoU))  pixel accuracy \(percentage(metrics.pixelAccuracy))  "
            + "mean accuracy \(percentage(metrics.meanAccuracy))"
    }
}
