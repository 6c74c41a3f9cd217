import Foundation
import Runs
import Support

/// What one opens only now and then: the runs one by one, how the intervals were made, environments and recipes.
struct FoldSection: Sendable {
    let arms: [Arm]

    func html() throws -> String {
        "<h2>Details</h2>" + fold("Runs", runTable) + (try stages()) + fold("How the differences were judged", Self.method)
            + (try environments()) + recipes
    }

    private func fold(_ title: String, _ content: String) -> String {
        "<details><summary>\(escaped(title))</summary>\(content)</details>"
    }

    private static func words(_ best: EvaluationEvent) -> String {
        let score = best.meanIoU.map { percentage($0) } ?? best.loss.map { "distillation loss \(significant($0))" } ?? "–"
        return "\(score) at \(best.step)"
    }

    private var runTable: String {
        let rows = arms.flatMap(\.runs).map { run -> String in
            let steps = run.steps
            let taken = run.events.map(\.step).max() ?? 0
            let best = run.evaluations.max { $0.score < $1.score }
            let phases = steps.reduce(into: (wait: 0.0, all: 0.0)) { sum, event in
                sum.wait += event.seconds["data"] ?? 0
                sum.all += event.seconds.values.reduce(0, +)
            }
            let rate = steps.isEmpty ? nil : steps.map(\.imagesPerSecond).reduce(0, +) / Double(steps.count)
            let cells: [String] = [
                run.folder.name, run.info.arm, String(run.info.seed), run.info.status.rawValue, "\(taken)/\(run.info.steps)",
                run.info.finished.map { durationText($0.timeIntervalSince(run.info.created)) } ?? "–",
                run.scores.map { percentage($0.meanIoU, digits: 2) } ?? "–",
                best.map(Self.words) ?? "–", rate.map(significant) ?? "–",
                phases.all > 0 ? percentage(phases.wait / phases.all) + " %" : "–",
                steps.compactMap(\.memory).max().map { fixed(Double($0) / 1e9, 2) + " GB" } ?? "–",
            ]
            let row = cells.map { cell in "<td>\(escaped(cell))</td>" }.joined()
            return "<tr>\(row)</tr>"
        }
        let titles = [
            "run", "arm", "seed", "status", "steps", "time", "mIoU, %", "best in training", "images/s", "wait for data", "peak memory",
        ]
        let head = titles.map { title in "<th>\(title)</th>" }.joined()
        return "<div style=\"overflow-x:auto\"><table><tr>\(head)</tr>\(rows.joined())</table></div>"
    }

    /// The trainings that a run of several stages goes back to; the last of them is the run that all else on the page is about.
    private func stages() throws -> String {
        let several = arms.flatMap(\.runs).filter { $0.info.stage != nil }
        let rows = try several.flatMap { run in
            try run.folder.stages().map { stage -> String in
                let info = try stage.readInfo()
                let evaluations = try EventLog.read(stage).compactMap { if case .evaluation(let event) = $0 { event } else { nil } }
                let cells: [String] = [
                    run.info.arm, String(run.info.seed), info.stage.map { "\($0.number) \($0.name)" } ?? "–", info.model, info.dataset,
                    info.method ?? "–", info.status.rawValue, String(info.steps),
                    info.finished.map { durationText($0.timeIntervalSince(info.created)) } ?? "–",
                    evaluations.max { $0.score < $1.score }.map(Self.words) ?? "–",
                ]
                return "<tr>\(cells.map { "<td>\(escaped($0))</td>" }.joined())</tr>"
            }
        }
        let titles = ["arm", "seed", "stage", "network", "data", "methods", "status", "steps", "time", "best in training"]
        let head = titles.map { title in "<th>\(title)</th>" }.joined()
        let table = "<div style=\"overflow-x:auto\"><table><tr>\(head)</tr>\(rows.joined())</table></div>"
        return rows.isEmpty ? "" : fold("Stages", table)
    }

    private static let method = """
        <p>Training again with another seed, or testing on other images, would give other scores; both are accounted for.</p>
        <p><b>Over seeds:</b> Student’s t interval of the mean difference between runs of equal seed (Welch’s, where the arms have
        no seeds in common). <b>Over images:</b> the test images are drawn again with replacement 2000 times, the same draw for all
        runs, and each run’s mIoU is computed anew from the summed pixel counts; the interval holds the middle 95 % of the
        differences. <b>Both:</b> the two intervals’ half widths, added in quadrature. A difference counts as shown when this
        interval does not contain 0.</p>
        <p>IoU is TP / (TP + FP + FN) over all pixels of the test set that carry a label; mIoU is its mean over the classes that occur.
        “±” is the standard deviation over the seeds.</p>
        """

    private func environments() throws -> String {
        var seen: [String] = []
        for run in arms.flatMap(\.runs) {
            guard let environment = try run.folder.readEnvironment() else { continue }
            let rows: [(String, String)] = [
                ("segdistill", environment.segdistill), ("LibTorch", environment.libTorch),
                ("device", "\(environment.device), \(environment.deviceName), \(environment.threads) threads"),
                ("system", "\(environment.operatingSystem), \(environment.architecture)"),
                ("processors", "\(environment.processors)"), ("memory", fixed(Double(environment.memory) / 1e9, 1) + " GB"),
            ]
            let lines = rows.map { name, value in "<tr><td>\(name)</td><td class=\"text\">\(escaped(value))</td></tr>" }
            let table = "<table>\(lines.joined())</table>"
            if !seen.contains(table) { seen.append(table) }
        }
        return seen.isEmpty ? "" : fold("Environment", seen.joined())
    }

    /// One recipe an arm: the seeds differ in nothing else.
    private var recipes: String {
        arms.compactMap { arm -> String? in
            guard let recipe = arm.runs[0].folder.readRecipe(), !recipe.isEmpty else { return nil }
            return fold("Recipe: \(arm.name)", "<pre>\(escaped(recipe))</pre>")
        }.joined()
    }
}
