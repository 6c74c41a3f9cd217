import Runs
import SegEval
import Support

/// Charts of what was logged during training, an arm a colour: its mean over the seeds, with each seed in the background.
struct CurveSection: Sendable {
    let arms: [Arm]
    let colors: [String: Int]

    func html() -> String {
        let losses = Set(arms.flatMap { $0.runs.flatMap { $0.steps.flatMap(\.losses.keys) } })
        let terms = losses.subtracting(["total"]).sorted()
        let splits = Set(arms.flatMap { $0.runs.flatMap { $0.evaluations.map(\.split) } }).sorted()
        func scores(_ split: String, _ score: @escaping (EvaluationEvent) -> Double?) -> [LineChart.Line] {
            lines { run in run.evaluations.filter { $0.split == split }.compactMap { event in score(event).map { (event.step, $0) } } }
        }
        // Charts without a line are not drawn.
        var charts = splits.map { split in
            LineChart(
                title: "mIoU on \(split), in per cent", lines: scores(split, \.meanIoU), marksPoints: true, format: { percentage($0) },
                axisFactor: 100)
        }
        charts += splits.map { split in
            LineChart(
                title: "AP of masks on \(split), in per cent", lines: scores(split, \.averagePrecision), marksPoints: true,
                format: { percentage($0) }, axisFactor: 100)
        }
        charts += splits.map { LineChart(title: "Distillation loss on \($0)", lines: scores($0, \.loss), marksPoints: true) }
        charts += (losses.contains("total") ? ["total"] + terms : terms).map { term in
            LineChart(title: term == "total" ? "Loss" : "Loss: \(term)", lines: stepLines { $0.losses[term] })
        }
        let shared = Set(arms.flatMap { $0.runs.flatMap { $0.steps.flatMap { ($0.gradientShares ?? [:]).keys } } })
        // A single loss has all of the gradient.
        charts += (shared.count > 1 ? shared.sorted() : []).map { term in
            LineChart(
                title: "Share of the gradient: \(term), in per cent", lines: stepLines { $0.gradientShares?[term] }, marksPoints: true,
                startsAtZero: true, format: { percentage($0) }, axisFactor: 100)
        }
        charts.append(LineChart(title: "Learning rate", lines: stepLines(\.learningRate), startsAtZero: true))
        charts.append(LineChart(title: "Gradient norm", lines: stepLines(\.gradientNorm)))
        charts.append(LineChart(title: "Training speed, images a second", lines: stepLines(\.imagesPerSecond), startsAtZero: true))
        let drawn = charts.map(\.html).joined()
        if drawn.isEmpty { return "" }
        let several = arms.contains { $0.runs.count > 1 }
        let note = several ? "Thick lines are means over the seeds, thin ones single seeds. " : ""
        let legend = arms.map { "<li><span class=\"dot c\(colors[$0.name] ?? 0)\"></span>\(escaped($0.name))</li>" }.joined()
        return "<h2>Training</h2><p class=\"note\">\(note)Point at a chart to read its values.</p>"
            + "<ul class=\"legend\">\(legend)</ul><div class=\"charts\">\(drawn)</div>"
    }

    private func stepLines(_ value: @Sendable @escaping (StepEvent) -> Double?) -> [LineChart.Line] {
        lines { run in run.steps.compactMap { event in value(event).map { (event.step, $0) } } }
    }

    private func lines(_ series: (LoadedRun) -> [(step: Int, value: Double)]) -> [LineChart.Line] {
        arms.flatMap { arm -> [LineChart.Line] in
            let color = colors[arm.name] ?? 0
            let runs = arm.runs.map(series).filter { !$0.isEmpty }
            if runs.isEmpty { return [] }
            let mean = LineChart.Line(name: arm.name, color: color, points: Self.mean(runs))
            if runs.count == 1 { return [mean] }
            let single = runs.map { run in
                LineChart.Line(name: arm.name, color: color, points: run.map { (Double($0.step), $0.value) }, isFaint: true)
            }
            return single + [mean]
        }
    }

    /// At the steps that all runs logged.
    private static func mean(_ runs: [[(step: Int, value: Double)]]) -> [(x: Double, y: Double)] {
        var sums: [Int: (total: Double, count: Int)] = [:]
        for (step, value) in runs.joined() {
            let old = sums[step, default: (0, 0)]
            sums[step] = (old.total + value, old.count + 1)
        }
        return sums.filter { $0.value.count == runs.count }.sorted { $0.key < $1.key }
            .map { (Double($0.key), $0.value.total / Double(runs.count)) }
    }
}
