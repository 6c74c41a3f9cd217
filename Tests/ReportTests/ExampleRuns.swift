import Foundation
import Runs
import SegEval
import Support
import Vision

/// Run folders as training writes them, small, in a folder that is removed at the end.
final class ExampleRuns {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("report-tests-\(UUID().uuidString)", isDirectory: true)
    let classes = [
        ScoredClass(name: "sky", color: [70, 130, 180]), ScoredClass(name: "road & kerb", color: [128, 64, 128]),
        ScoredClass(name: "never", color: [1, 2, 3]),
    ]

    /// Whether the images' boundaries are counted too: 20 pixels a class, a fifth of the right ones right; F1 is the share of
    /// right pixels, and the trimap holds all pixels.
    var hasBoundaries = false

    /// What of a resolved recipe the comparison looks at, with some markup beside it.
    static let recipe = """
        name: example
        data: {dataset: camvid, root: data, train: train, loader: {batchSize: 4, threads: 2}, augmentation: {crop: [32, 32]}}
        student: {model: small, weights: none, precision: auto}
        optimizer: {kind: sgd, learningRate: 0.01, accumulate: 1}
        evaluation: {every: 20, mode: whole, metrics: []}
        note: <b>bold</b>
        """

    deinit { try? FileManager.default.removeItem(at: url) }

    /// - Parameter correct: of each image's 100 pixels a class, those predicted right; the others are taken for the other class.
    @discardableResult
    func add(
        _ arm: String, role: RunInfo.Role = .student, method: String? = nil, seed: Int, correct: Int, model: String = "small",
        dataset: String = "camvid", evaluated: Bool = true, name: String? = nil, recipe: String = ExampleRuns.recipe,
        targets: [(name: String, correct: Int)] = [], change: (inout RunInfo) -> Void = { _ in }
    ) throws -> RunFolder {
        var info = RunInfo(
            arm: arm, role: role, method: method, seed: seed, dataset: dataset, model: model, parameters: 1_240_000, steps: 40)
        change(&info)
        let folder = try RunFolder.create(
            at: url.appendingPathComponent(name ?? "\(arm)-seed\(seed)"), info: info, recipe: recipe)
        try folder.writeEnvironment(RunEnvironment(segdistill: "0.1.0", libTorch: "2.11.0", device: "cpu", threads: 2))
        let log = try EventLog(folder)
        for step in [20, 40] {
            try log.append(
                .step(
                    StepEvent(
                        step: step, epoch: 1, losses: ["total": 2 / Double(step), "task": 1 / Double(step)],
                        gradientShares: method.map { [$0: 0.25, "task": 0.75] }, learningRate: 0.01,
                        imagesPerSecond: 30, seconds: ["data": 0.01, "step": 0.99])))
        }
        try log.append(
            .evaluation(EvaluationEvent(step: 40, epoch: 1, split: "val", meanIoU: 0.5, pixelAccuracy: 0.7, best: true, seconds: 1)))
        if evaluated {
            var home = metrics(info, correct)
            let abroad = targets.map { (name: $0.name, metrics: metrics(info, $0.correct)) }
            for target in abroad { try folder.write(target.metrics, named: RunFolder.targetName(target.name)) }
            if !abroad.isEmpty {
                home.domains = DomainScores(
                    abroad.map { ($0.name, $0.metrics.images) }, source: (dataset, home.images), classes: classes.count)
            }
            try folder.write(home, named: "test")
        }
        try folder.updateInfo { $0.status = .finished }
        return folder
    }

    private func metrics(_ info: RunInfo, _ correct: Int) -> Metrics {
        let images = (0..<20).map { image -> ImageTally in
            // Images differ in difficulty, arms by the same amount on each; seeds by a pixel or two.
            let right = Int64(correct + image % 5 + (info.seed * image) % 3)
            var tally = ImageTally(image: "\(image)", intersection: [right, right, 0], truth: [100, 100, 0], predicted: [100, 100, 0])
            if hasBoundaries {
                tally.boundary = ClassTally(intersection: [right / 5, right / 5, 0], truth: [20, 20, 0], predicted: [20, 20, 0])
                var contours = ContourTally(classes: 3)
                contours.sum = [Double(right) / 100, Double(right) / 100, 0]
                contours.images = [1, 1, 0]
                tally.boundaryF1 = contours
                tally.trimap = [ClassTally(intersection: tally.intersection, truth: tally.truth, predicted: tally.predicted)]
            }
            return tally
        }
        let hits = images.reduce(0) { $0 + $1.intersection[0] }
        let misses = 2000 - hits
        var metrics = Metrics(
            dataset: info.dataset, split: "test", model: info.model, checkpoint: "best", arm: info.arm, method: info.method,
            seed: info.seed, imagesPerSecond: 44, classes: classes, confusion: [[hits, misses, 0], [misses, hits, 0], [0, 0, 0]],
            images: images, meanIoU: 0, pixelAccuracy: 0, meanAccuracy: 0, classIoU: [0, 0, nil])
        if hasBoundaries {
            var extra = SemanticScores()
            extra.trimapIoU = [BorderScores(ClassScores([nil, nil, nil]), width: .pixels(2), pixels: 2)]
            metrics.extra = extra
        }
        return metrics
    }

    /// A picture of 4×2 pixels; the left half is sky in truth.
    func addPicture(to folder: RunFolder, prediction: [UInt8], domains: [String] = []) throws {
        let image = Image(width: 4, height: 2, filledWith: 200)
        let truth = LabelMap(width: 4, height: 2, values: [0, 0, 1, 1, 0, 0, 1, 255])
        let picture = Picture(
            sample: "street/1", image: try PNG.encode(image), truth: try PNG.encode(truth),
            prediction: try PNG.encode(LabelMap(width: 4, height: 2, values: prediction)))
        try folder.write([picture] + domains.map { picture.in($0) }, classes: classes)
    }

    /// A teacher, three plain and three distilled students, tested on two targets; the distilled ones gain abroad alone.
    func addDomainExperiment() throws -> [RunFolder] {
        var folders = [
            try add("teacher", role: .teacher, seed: 1, correct: 90, model: "large", targets: [("dusk", 80), ("fog & rain", 70)])
        ]
        for seed in 1...3 {
            folders.append(try add("plain", seed: seed, correct: 80, targets: [("dusk", 50), ("fog & rain", 40)]))
            folders.append(try add("kd", method: "kd", seed: seed, correct: 80, targets: [("dusk", 60), ("fog & rain", 50)]))
        }
        return folders
    }

    /// A teacher, and three seeds each of the plain and the distilled student.
    func addExperiment(gain: Int = 8) throws -> [RunFolder] {
        var folders = [try add("teacher", role: .teacher, seed: 1, correct: 90, model: "large")]
        for seed in 1...3 {
            folders.append(try add("plain", seed: seed, correct: 60))
            folders.append(try add("kd", method: "kd", seed: seed, correct: 60 + gain))
        }
        return folders
    }
}
