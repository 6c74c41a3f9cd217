import Foundation
import Report
import Runs
import SegData
import SegEval
import Support
import Testing
import Vision

/// Runs that tell objects apart, side by side.
@Suite struct ObjectComparisonTests {
    private func add(
        _ runs: ExampleRuns, _ arm: String, method: String? = nil, seed: Int, _ precision: Double, images: Int = 40,
        cityscapes: Double? = nil
    ) throws -> RunFolder {
        let folder = try runs.add(arm, method: method, seed: seed, correct: 0, evaluated: false)
        func scores(_ region: String, _ precision: Double) -> String {
            """
            {"region": "\(region)", "unknownCategories": {}, "summary": {"AP": \(precision), "AP50": \(precision + 0.2), "APsmall": 0.1},
            "perClass": [{"id": 1, "name": "disc", "objects": 9, "detections": 20, "AP": \(precision), "AP50": \(precision + 0.2)}]}
            """
        }
        let city = cityscapes.map {
            """
            , "cityscapes": {"AP": \($0), "AP50": \($0 + 0.1), "images": \(images), "unscoredLabels": {},
            "perClass": [{"name": "disc", "objects": 9, "detections": 20, "AP": \($0), "AP50": \($0 + 0.1)}]}
            """
        }
        let text = """
            {"dataset": "camvid", "split": "test", "model": "small", "checkpoint": "best", "protocolName": "whole image", "images": \(images),
            "masks": \(scores("mask", precision)), "boundaries": \(scores("boundary", precision / 2))\(city ?? "")}
            """
        try folder.write(JSONDecoder().decode(InstanceMetrics.self, from: Data(text.utf8)), named: "test")
        return folder
    }

    private func experiment(_ runs: ExampleRuns) throws -> [RunFolder] {
        try zip(1...3, [(0.40, 0.45), (0.42, 0.46), (0.41, 0.47)]).flatMap { seed, scores in
            [try add(runs, "plain", seed: seed, scores.0), try add(runs, "kd", method: "kd", seed: seed, scores.1)]
        }
    }

    @Test func seedsMakePairsAndIntervals() throws {
        let runs = ExampleRuns()
        let folders = try experiment(runs)
        #expect(ObjectComparison.isOf(folders))
        let comparison = try ObjectComparison(folders)
        let difference = try #require(comparison.headline)
        let statistics = difference.statistics
        #expect(comparison.reference == "plain" && statistics.seeds == [1, 2, 3] && abs(statistics.difference - 0.05) < 1e-12)
        // Differences 0.05, 0.04, 0.06: deviation 0.01, t of two degrees of freedom 4.302653.
        let half = 4.302653 * 0.01 / 3.0.squareRoot()
        let interval = try #require(statistics.interval)
        #expect(abs(interval.lower - (0.05 - half)) < 1e-7 && abs(interval.upper - (0.05 + half)) < 1e-7)
        #expect(statistics.outcome == .better && statistics.imageInterval == nil)
        #expect(difference.verdict.headline == "Distillation by kd helped: +5.0 AP points")
        #expect(difference.verdict.details.contains("over 3 seeds.") && difference.verdict.details.contains("over the seeds alone"))
        #expect(abs(difference.further["boundary AP"]!.difference - 0.025) < 1e-12 && difference.further["AP50"] != nil)
        let text = comparison.text
        for words in ["41.0 ± 1.0", "46.0 ± 1.0", "61.0", "boundary AP", "intervals over seeds", "AP small"] {
            #expect(text.contains(words), "\(text)")
        }
        #expect(!text.contains("AP large") && comparison.classText.contains("disc"))
        let page = try Report(runs: folders)
        let html = try page.html()
        #expect(page.comparison == nil && html.contains("<h1>Distillation by kd helped: +5.0 AP points</h1>"))
        #expect(html.contains("boundary AP, %") && !html.contains("not evaluated yet"))
    }

    @Test func cityscapesRulesAreTheVerdictWhereAllRunsHaveThem() throws {
        let runs = ExampleRuns()
        var folders: [RunFolder] = []
        for (seed, scores) in zip(1...3, [(0.30, 0.37), (0.31, 0.39), (0.32, 0.39)]) {
            folders.append(try add(runs, "plain", seed: seed, 0.4, cityscapes: scores.0))
            folders.append(try add(runs, "kd", method: "kd", seed: seed, 0.45, cityscapes: scores.1))
        }
        let comparison = try ObjectComparison(folders)
        let difference = try #require(comparison.headline)
        #expect(comparison.measure == .cityscapes && abs(difference.statistics.difference - 0.22 / 3) < 1e-12)
        #expect(difference.verdict.headline == "Distillation by kd helped: +7.3 Cityscapes AP points")
        #expect(abs(difference.further["AP"]!.difference - 0.05) < 1e-12 && difference.further["Cityscapes AP50"] != nil)
        #expect(comparison.classText.contains("Cityscapes AP by class") && comparison.text.contains("31.0 ± 1.0"))
        let html = try Report(runs: folders).html()
        #expect(html.contains("Cityscapes AP, %") && html.contains("Cityscapes AP50, %"))
        // One run without: COCO's.
        #expect(try ObjectComparison(folders + [add(runs, "old", seed: 1, 0.4)]).measure == .precision)
    }

    /// Four images: two arms that find all, half or nothing of their one object.
    @Test func theReportShowsTheWorstAndTheBest() throws {
        let runs = ExampleRuns()
        let image = Image(width: 40, height: 30, filledWith: 90)
        func mask(_ columns: Range<Int>) -> RunLengthMask {
            var map = LabelMap(width: 40, height: 30)
            for y in 5..<25 { for x in columns { map.values[y * 40 + x] = 1 } }
            return RunLengthMask(map, where: 1)
        }
        var truth = COCOFile(classes: ClassList(names: ["disc"]))
        for number in 1...4 {
            truth.images.append(COCOImage(id: number, fileName: "image \(number)", width: 40, height: 30))
            truth.annotations.append(COCOAnnotation(id: number, image: number, category: 1, segmentation: .runs(mask(5..<35))))
        }
        func add(_ arm: String, method: String?, score: Double, ends: [Int]) throws -> RunFolder {
            let folder = try self.add(runs, arm, method: method, seed: 1, score)
            let found = zip(1...4, zip(ends, [0.9, 0.8, 0.7, 0.6])).map {
                COCOAnnotation(id: $0, image: $0, category: 1, segmentation: .runs(mask(5..<$1.0)), score: $1.1)
            }
            try FileManager.default.createDirectory(
                at: folder.objectsFile(named: "test").deletingLastPathComponent(), withIntermediateDirectories: true)
            try COCOFile.writeResults(found, to: folder.objectsFile(named: "test"))
            try truth.write(to: folder.trueObjectsFile(named: "test"))
            let kept = try truth.images.map { Picture(sample: $0.fileName, image: try PNG.encode(image), truth: nil, prediction: nil) }
            try folder.write(kept, classes: [])
            return folder
        }
        let plain = try add("plain", method: nil, score: 0.4, ends: [35, 26, 19, 10])
        let taught = try add("kd", method: "kd", score: 0.5, ends: [35, 35, 26, 11])
        let html = try Report(runs: [plain, taught]).html()
        // Shown are those of the arm that the verdict is on, worst first; each with both arms' own quality.
        #expect(html.contains("The worst images of kd") && html.contains("The best images of kd"))
        let order = ["image 4", "image 3", "image 1", "image 2"].map { html.range(of: "<p>\($0)</p>")?.lowerBound }
        #expect(order.allSatisfy { $0 != nil } && zip(order, order.dropFirst()).allSatisfy { $0! < $1! })
        #expect(html.components(separatedBy: "alt=\"found by kd\"").count == 5)
        #expect(html.components(separatedBy: "alt=\"found by plain\"").count == 5)
        // The second image: 21 columns of 30, and all.
        let second = try #require(html.components(separatedBy: "<p>image 2</p>").last)
        #expect(second.contains(">70.0<") && second.contains(">100.0<"))
        // The plain student's first two detections are right, the other's first three.
        #expect(html.contains("plain 0.80, kd 0.70"))
        try FileManager.default.removeItem(at: taught.pictures.appendingPathComponent("03-image_4.image.png"))
        #expect(throws: UserError.self) { try Report(runs: [plain, taught]).html() }
    }

    @Test func oneSeedIsNoVerdict() throws {
        let runs = ExampleRuns()
        let comparison = try ObjectComparison([add(runs, "plain", seed: 1, 0.4), add(runs, "kd", method: "kd", seed: 1, 0.5)])
        let difference = try #require(comparison.headline)
        #expect(difference.statistics.outcome == .seedsMissing && difference.verdict.headline.contains("Too few seeds"))
    }

    @Test func otherDataAreRefused() throws {
        let runs = ExampleRuns()
        let folders = [try add(runs, "plain", seed: 1, 0.4), try add(runs, "kd", method: "kd", seed: 1, 0.5, images: 41)]
        let error = #expect(throws: UserError.self) { try ObjectComparison(folders) }
        #expect(error?.message.contains("the number of images is 40") == true)
        let unscored = try runs.add("late", seed: 1, correct: 0, evaluated: false)
        let missing = #expect(throws: UserError.self) { try ObjectComparison([folders[0], unscored]) }
        #expect(missing?.message.contains("has no evaluation “test” of objects to compare") == true)
        let labels = try runs.add("labels", seed: 1, correct: 50)
        #expect(!ObjectComparison.isOf([labels]))
    }
}
