import ArgumentParser
import Foundation
import SegEval
import Support

extension MetricsCommand {
    /// `metrics panoptic`: panoptic quality.
    struct Panoptic: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "panoptic",
            abstract: "Scores panoptic segmentations: PQ, SQ and RQ of things, stuff and every class.",
            discussion: """
                Both sides are in COCO's panoptic format: a JSON file, and a folder of PNGs whose colours number the segments. The folder \
                is named like the file without .json unless given.

                Example:
                  segdistill metrics panoptic --pred predictions.json --truth panoptic_val2017.json
                """)

        @Option(name: .customLong("pred"), help: "The predictions' JSON file.", completion: .file(extensions: ["json"]))
        var prediction: String

        @Option(help: "The truth's JSON file.", completion: .file(extensions: ["json"]))
        var truth: String

        @Option(help: "The folder of the predictions' PNGs.", completion: .directory)
        var predFolder: String?

        @Option(help: "The folder of the truth's PNGs.", completion: .directory)
        var truthFolder: String?

        @Flag(help: "Everything as JSON, scores as fractions.")
        var json = false

        func run() throws {
            let evaluation = try PanopticEvaluation(
                truth: URL(fileURLWithPath: truth), predictions: URL(fileURLWithPath: prediction),
                truthFolder: truthFolder.map { URL(fileURLWithPath: $0) }, predictionFolder: predFolder.map { URL(fileURLWithPath: $0) })
            let bar = SharedProgress("metrics", total: evaluation.count)
            let quality = try evaluation.run(progress: { bar.update($0) })
            bar.finish()
            if json { try printJSON(quality) } else { print(quality.text) }
        }
    }
}
