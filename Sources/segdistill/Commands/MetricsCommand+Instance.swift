import ArgumentParser
import Foundation
import SegData
import SegEval
import Support

extension MetricsCommand {
    /// `metrics instance`: detections against objects.
    struct Instance: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "instance",
            abstract: "Scores detected objects: COCO's twelve numbers, boundary AP, or Cityscapes' AP and AP50.",
            discussion: """
                coco: truth is a COCO file of annotations, predictions a file of results. Boxes are scored where all detections have \
                one, masks where detections and objects have those. cityscapes: truth is a folder with ..._gtFine_instanceIds.png, predictions a folder \
                with a text file for each, whose lines name a mask, a label id and a confidence.

                Examples:
                  segdistill metrics instance --pred results.json --truth instances_val2017.json --boundary
                  segdistill metrics instance --protocol cityscapes --pred results --truth gtFine/val --json
                """)

        enum Rules: String, ExpressibleByArgument, CaseIterable { case coco, cityscapes }

        @Option(name: .customLong("pred"), help: "A file of results, or Cityscapes' folder of predictions.", completion: .file())
        var prediction: String

        @Option(help: "A file of annotations, or Cityscapes' folder of truths.", completion: .file())
        var truth: String

        @Option(name: .customLong("protocol"), help: "coco or cityscapes: whose rules, and whose files.")
        var rules = Rules.coco

        @Flag(help: "Boundary AP too (coco).")
        var boundary = false

        @Flag(help: "Everything as JSON, scores as fractions.")
        var json = false

        func validate() throws {
            if boundary, rules == .cityscapes { throw ValidationError("--boundary is for --protocol coco") }
        }

        func run() throws {
            let files = (prediction: URL(fileURLWithPath: prediction), truth: URL(fileURLWithPath: truth))
            switch rules {
            case .coco: try coco(files.prediction, files.truth)
            case .cityscapes: try cityscapes(files.prediction, files.truth)
            }
        }

        private func coco(_ prediction: URL, _ truth: URL) throws {
            let file = try COCOFile(contentsOf: truth)
            var names: [Int: String] = [:]
            let detections = try file.results(contentsOf: prediction) { names[$0] = $1 }
            let regions = try regions(detections, file.annotations)
            let scores = try regions.map { try COCOEvaluator(truth: file, detections: detections, region: $0).run() }
            for (category, count) in (scores.first?.unknownCategories ?? [:]).sorted(by: { $0.key < $1.key }) {
                let what = names[category].map { "'\($0)'" } ?? String(category)
                complain("\(count) detections are of category \(what), unknown to \(truth.path): they are not scored")
            }
            if json {
                try printJSON(COCOReport(scores))
            } else {
                print("\(detections.count) detections against \(file.annotations.count) objects in \(file.images.count) images")
                for score in scores { print("\n" + score.text) }
            }
        }

        private func regions(_ detections: [COCOAnnotation], _ objects: [COCOAnnotation]) throws -> [COCOScores.Region] {
            func haveMasks(_ all: [COCOAnnotation]) -> Bool { all.allSatisfy { $0.segmentation != .none } }
            let hasMasks = haveMasks(detections) && haveMasks(objects)
            guard hasMasks || !boundary else {
                let (file, what) = haveMasks(detections) ? (truth, "object") : (prediction, "detection")
                throw UserError("\(file): boundary AP compares masks, and not every \(what) has one")
            }
            var regions: [COCOScores.Region] = []
            if detections.allSatisfy({ $0.box != nil }) { regions.append(.box) }
            if hasMasks { regions.append(.mask) }
            if boundary { regions.append(.boundary) }
            guard !regions.isEmpty else {
                throw UserError(
                    haveMasks(detections)
                        ? "\(truth): not every object has a mask, and the detections have no boxes"
                        : "\(prediction): some detections have a mask and others only a box; expected the same of all")
            }
            return regions
        }

        private func cityscapes(_ prediction: URL, _ truth: URL) throws {
            let evaluation = try CityscapesEvaluation(truth: truth, predictions: prediction)
            let bar = SharedProgress("metrics", total: evaluation.count)
            let scores = try evaluation.run(progress: { bar.update($0) })
            bar.finish()
            for (label, count) in scores.unscoredLabels.sorted(by: { $0.key < $1.key }) {
                complain("\(count) detections have the label id \(label), which has no instances to score")
            }
            if json { try printJSON(scores) } else { print(scores.text) }
        }
    }
}
