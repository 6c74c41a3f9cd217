import ArgumentParser
import Foundation
import Report
import Support

/// `demo`: the whole pipeline on built-in data.
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The whole pipeline on built-in street scenes: teacher, plain student, distilled student, verdict, report.",
        discussion: """
            Needs no data and, on two CPU cores, less than ten minutes. When interrupted, the same command goes on.
            The recipes are those of Recipes/street-scenes.

            Examples:
              segdistill demo
              segdistill demo --out /tmp/demo --seeds 1
            """)

    @Option(help: "The folder for runs and report.", completion: .directory)
    var out = "demo"

    @Option(help: "Students of each kind; three or more are needed for a verdict.")
    var seeds = 3

    @Flag(help: "Start anew even if the folder holds an earlier demo.")
    var overwrite = false

    func validate() throws {
        if seeds < 1 { throw ValidationError("expected --seeds of at least 1, found \(seeds)") }
    }

    func run() throws {
        let demo = try Demo(out: out, seeds: seeds)
        try demo.train(overwrite: overwrite)
        let report = try Report(runs: runFolders([out]))
        let page = out + "/report.html"
        try report.write(to: URL(fileURLWithPath: page))
        if let comparison = report.comparison { print(comparison.text + "\n") }
        print("report: \(URL(fileURLWithPath: page).path)")
    }
}
