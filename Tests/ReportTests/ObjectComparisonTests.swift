import Foundation
import Report
import Runs
import SegEval
import Support
import Testing

/// Runs that tell objects apart, side by side.
@Suite struct ObjectComparisonTests {
    private func add(
        _ runs: ExampleRuns, _ arm: String, method: String? = nil, seed: Int, _ precision: Double, images: Int = 40
    ) throws -> RunFolder {
        let folder = try runs.add(arm, method: method, seed: seed, correct: 0, evaluated: false)
        func scores(_ region: String, _ precision: Double) -> String {
            """
            {"region": "\(region)", "unknownCategories": {}, "summary": {"AP": \(precision), "AP50": \(precision + 0.2), "APsmall": 0.1},
            "perClass": [{"id": 1, "name": "disc", "objects": 9, "detections": 20, "AP": \(precision), "AP50": \(precision + 0.2)}]}
            """
        }
        let text = """
            {"dataset": "camvid", "split": "test", "model": "small", "checkpoint": "best", "protocolName": "whole image", "images": \(images),
            "masks": \(scores("mask", precision)), "boundaries": \(scores("boundary", precision / 2))}
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
