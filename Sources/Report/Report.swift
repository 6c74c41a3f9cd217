import Foundation
import Runs
import Support

/// One self-contained HTML page on one or more runs: did distillation help, how sure is that, curves, classes, pictures.
///
/// Arms that were not treated alike are shown all the same, with what differs.
/// Reads run folders only. The page needs no network and no script, and follows the reader's light or dark mode.
public struct Report: Sendable {
    private let arms: [Arm]
    /// The figures of the page; nil while no run has been evaluated.
    public let comparison: Comparison?
    /// The same of runs that tell objects apart.
    public let objects: ObjectComparison?

    /// - Parameters:
    ///   - folders: the runs; those of one arm differ in their seed only.
    ///   - metricsName: the evaluation to report, such as `test`; by default the one that most of the runs have.
    /// - Throws: `UserError` when a file is missing or damaged, or when the runs were scored on different data.
    public init(runs folders: [RunFolder], metricsName: String? = nil) throws {
        guard !folders.isEmpty else { throw UserError("no runs to report on", hint: "Name the run folders.", exitCode: .usage) }
        let ofObjects = ObjectComparison.isOf(folders)
        let name = metricsName ?? LoadedRun.commonMetricsName(folders, ofObjects: ofObjects)
        arms = try Arm.group(folders.map { try LoadedRun($0, metricsName: name) })
        let scored = arms.map { Arm(name: $0.name, runs: $0.scored) }.filter { !$0.runs.isEmpty }
        comparison = scored.isEmpty ? nil : try Comparison(scored, allowing: Set(Condition.allCases))
        let found = arms.map { Arm(name: $0.name, runs: $0.runs.filter { $0.objects != nil }) }.filter { !$0.runs.isEmpty }
        objects = ofObjects && !found.isEmpty ? try ObjectComparison(found, allowing: Set(Condition.allCases)) : nil
    }

    /// The page.
    /// - Throws: `UserError` naming the picture that cannot be read.
    public func html() throws -> String {
        let colors = armColors
        let verdict = (comparison?.headline ?? comparison?.differences.last)?.verdict
        let title = (verdict ?? (objects?.headline ?? objects?.differences.last)?.verdict)?.headline ?? "Training report"
        let sections = [
            objects.map { ObjectSection(comparison: $0, colors: colors).html() }
                ?? SummarySection(arms: arms, comparison: comparison, colors: colors).html(),
            comparison.map { DomainSection(comparison: $0, arms: arms, colors: colors).html() } ?? "",
            try PictureSection(arms: arms, colors: colors).html(),
            try objects.map { try ObjectPictureSection(comparison: $0, arms: arms, colors: colors).html() } ?? "",
            comparison.map { ClassSection(arms: arms, comparison: $0, colors: colors).html() } ?? "",
            comparison.map { BorderSection(comparison: $0, colors: colors).html() } ?? "",
            comparison.map { FairnessSection(comparison: $0, colors: colors).html() } ?? "",
            CurveSection(arms: arms, colors: colors).html(),
            try FoldSection(arms: arms).html(),
        ]
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width,initial-scale=1">
            <meta name="generator" content="segdistill">
            <title>\(escaped(title))</title>
            <style>
            \(Style.sheet)
            </style>
            </head>
            <body><main>
            \(sections.joined(separator: "\n"))
            </main></body>
            </html>

            """
    }

    /// The first teacher and the first plain student always have the same colours, the others those that follow.
    private var armColors: [String: Int] {
        var colors: [String: Int] = [:]
        var next = 2
        for arm in arms {
            let reserved = arm.isTeacher ? 0 : arm.isPlain ? 1 : nil
            if let reserved, !colors.values.contains(reserved) {
                colors[arm.name] = reserved
            } else {
                colors[arm.name] = next
                next = next + 1 < Style.colors ? next + 1 : 2
            }
        }
        return colors
    }

    /// Writes the page atomically.
    public func write(to url: URL) throws { try AtomicFile.write(Data(try html().utf8), to: url) }
}
