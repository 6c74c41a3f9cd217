import ArgumentParser
import Foundation
import Report
import Support

/// `report`: one HTML page on runs.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes one HTML page on runs: verdict, scores, curves, classes and pictures.",
        discussion: """
            The page is one file that needs no network. It reads run folders only and works without LibTorch.

            Examples:
              segdistill report runs/camvid --out camvid.html
              segdistill report runs/camvid/cwd-seed0
            """)

    @Argument(help: "Run folders, or folders that contain them.", completion: .directory)
    var runs: [String]

    @Option(help: "The page; report.html inside the folder when only one is named.", completion: .file(extensions: ["html"]))
    var out: String?

    @Option(help: "The evaluation to report, by its name in metrics/; by default the one that most of the runs have.")
    var metrics: String?

    func validate() throws {
        if runs.count > 1 && out == nil { throw ValidationError("expected --out FILE.html for several folders") }
    }

    func run() throws {
        let page = out ?? runs[0] + "/report.html"
        let report = try Report(runs: runFolders(runs), metricsName: metrics)
        try report.write(to: URL(fileURLWithPath: page))
        if let verdict = report.comparison?.headline?.verdict ?? report.objects?.headline?.verdict {
            print("\(verdict.headline)\n  \(verdict.details)")
        }
        print("report: \(page)")
    }
}
