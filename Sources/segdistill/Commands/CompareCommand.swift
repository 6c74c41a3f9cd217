import ArgumentParser
import Foundation
import Report
import Runs
import Support

/// `compare`: did distillation help?
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Says whether distillation helped: scores of runs, paired by seed and image, with confidence intervals.",
        discussion: """
            Runs that differ in nothing but their seed form an arm; every arm is compared with the plain student. \
            Three seeds or more are needed for a verdict.

            Examples:
              segdistill compare runs/camvid
              segdistill compare runs/camvid/plain-seed* runs/camvid/cwd-seed* --classes
              segdistill compare runs/camvid --reference kd --json > comparison.json
            """)

    @Argument(help: "Run folders, or folders that contain them.", completion: .directory)
    var runs: [String]

    @Option(help: "The evaluation to compare, by its name in metrics/, such as test; by default the one that all runs have.")
    var metrics: String?

    @Option(help: "The arm that the others are compared with, instead of the plain student.")
    var reference: String?

    @Flag(help: "Also the IoU of every class.")
    var classes = false

    @Flag(help: "Everything as JSON, scores as fractions.")
    var json = false

    func run() throws {
        let comparison = try Comparison(runFolders(runs), metricsName: metrics, reference: reference)
        guard json else {
            print(comparison.text)
            if classes { print("\n" + comparison.classText) }
            return
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(comparison), as: UTF8.self))
    }
}

/// The runs that the paths name or contain, each once.
/// - Throws: `UserError` for a path without runs.
func runFolders(_ paths: [String]) throws -> [RunFolder] {
    var folders: [RunFolder] = []
    for path in paths {
        let url = URL(fileURLWithPath: path)
        let found = RunFolder.find(in: url)
        if found.isEmpty { _ = try RunFolder.open(url) }
        for folder in found where !folders.contains(folder) { folders.append(folder) }
    }
    return folders
}
