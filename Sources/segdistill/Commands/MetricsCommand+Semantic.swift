import ArgumentParser
import Foundation
import SegData
import SegEval
import Support
import Vision

extension MetricsCommand {
    /// `metrics semantic`: label maps against label maps.
    struct Semantic: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "semantic",
            abstract: "Scores folders of label maps: IoU, Dice, accuracy, boundary IoU and F1, trimaps, connectivity.",
            discussion: """
                Predictions and truth are grey or palette PNGs whose pixels are class indices, 255 in the truth is not scored. They \
                belong together by their path below the two folders. docs/metrics.md defines every number.

                Examples:
                  segdistill metrics semantic --pred labels --truth ../shared/data/camvid/labels/test --classes camvid --ignore 11
                  segdistill metrics semantic --pred labels --truth truth --classes 19 --boundary 5px --trimap --json
                  segdistill metrics semantic --pred student --teacher teacher --truth truth --classes classes.txt --pictures out
                """)

        @Option(name: .customLong("pred"), help: "The folder of predicted label maps.", completion: .directory)
        var prediction: String

        @Option(help: "The folder of true label maps.", completion: .directory)
        var truth: String

        @Option(help: "A second folder of predictions: where is only this one right?", completion: .directory)
        var teacher: String?

        @Option(
            help: ArgumentHelp(
                "A data set's name, a file of names, or the number of classes.", valueName: "name|file|K"), completion: .file())
        var classes: String

        @Option(parsing: .upToNextOption, help: "Values of the truth that are not scored, besides 255.")
        var ignore: [UInt8] = []

        @Option(
            help: "The width of boundary IoU's bands: a share of the diagonal, such as 0.02, or pixels, such as 5px; none for no borders.")
        var boundary: BorderWidth = .some(.diagonal(0.02))

        @Option(help: "The distance within which boundary F1 takes contours for the same, written as --boundary.")
        var tolerance: BorderWidth = .some(.diagonal(0.008))

        @Flag(help: "IoU within 1, 3 and 5 pixels of true borders.")
        var trimap = false

        @Flag(help: "Pieces into which regions fall, and holes.")
        var connectivity = false

        @Flag(help: "A row for each folder directly below --truth, and the mean of these rows.")
        var domains = false

        @Option(help: "What prediction names end in before .png, and truth names do not.")
        var predSuffix = ""

        @Option(help: "What truth names end in before .png, such as _gtFine_labelTrainIds.")
        var truthSuffix = ""

        @Option(
            help: "A folder for pictures of the best and the worst images, and with --teacher of the largest gains and losses.",
            completion: .directory)
        var pictures: String?

        @Option(help: "The photographs, by the same names, for --pictures.", completion: .directory)
        var images: String?

        @Flag(help: "Everything as JSON, scores as fractions.")
        var json = false

        func validate() throws {
            if images != nil && pictures == nil { throw ValidationError("--images are for --pictures, which is missing") }
            if boundary.width != nil, tolerance.width == nil {
                throw ValidationError("--tolerance needs a width; --boundary none leaves both out")
            }
        }

        func run() throws {
            let list = try classList()
            let ignored = list.ignore.union(ignore)
            let pairs = try LabelPairs(
                predictions: URL(fileURLWithPath: prediction), truth: URL(fileURLWithPath: truth),
                other: teacher.map { URL(fileURLWithPath: $0) }, predictionSuffix: predSuffix, truthSuffix: truthSuffix)
            let photographs = try images.map { try PhotographFolder(URL(fileURLWithPath: $0), names: pairs.pairs.map(\.name)) }
            if !pairs.unused.isEmpty {
                let names = pairs.unused.prefix(3).joined(separator: ", ")
                complain("\(pairs.unused.count) predictions have no truth and are not scored: \(names)")
            }
            let bar = SharedProgress("metrics", total: pairs.pairs.count)
            var report = try SemanticReport(
                pairs, classes: list.classes, ignoring: ignored, metrics: metrics, progress: { bar.update($0) })
            bar.finish()
            if domains {
                report.domains = DomainScores(
                    pairs.domains.map { part in (part.name, part.indices.map { report.images[$0] }) }, classes: list.classes.count)
            }
            if let pictures {
                let reader = LabelPairReader(classes: list.classes, ignoring: ignored)
                try SemanticPictures(pairs, report, reader: reader, photographs).write(to: URL(fileURLWithPath: pictures))
            }
            if json {
                try printJSON(report)
            } else {
                print("\(report.images.count) label maps in \(prediction) against \(truth)\n\n\(report.text)")
            }
        }

        private var metrics: SemanticMetrics {
            var metrics = SemanticMetrics(trimap: trimap ? SemanticMetrics.trimapWidths : [], connectivity: connectivity)
            if let width = boundary.width, let tolerance = tolerance.width { metrics.boundary = .init(width: width, tolerance: tolerance) }
            return metrics
        }

        private func classList() throws -> (classes: ClassList, ignore: Set<UInt8>) {
            if let count = Int(classes) {
                guard (1...254).contains(count) else { throw UserError("expected 1 to 254 classes, found \(count)", exitCode: .usage) }
                return (ClassList(names: (0..<count).map(String.init)), [])
            }
            if let known = DatasetKind.all.first(where: { $0.name == classes })?.classes { return (known, []) }
            if FileManager.default.fileExists(atPath: classes) {
                let file = try ClassFile(contentsOf: URL(fileURLWithPath: classes))
                return (file.classes, file.ignore)
            }
            let known = DatasetKind.all.filter { $0.classes != nil }.map(\.name)
            let near = nearestName(to: classes, in: known).map { "Did you mean \($0)? " } ?? ""
            throw UserError(
                "there are no classes '\(classes)': it is neither a data set, nor a file, nor a number",
                hint: near + "segdistill data list shows the data sets.", exitCode: .usage)
        }
    }
}

/// A width on the command line: `0.02`, `5px` or `none`.
enum BorderWidth: ExpressibleByArgument {
    case some(BandWidth)
    case none

    var width: BandWidth? { if case .some(let width) = self { width } else { nil } }

    init?(argument: String) {
        if argument == "none" {
            self = .none
        } else if argument.hasSuffix("px"), let count = Int(argument.dropLast(2)), count > 0 {
            self = .some(.pixels(count))
        } else if let share = Double(argument), share > 0, share <= 1 {
            self = .some(.diagonal(share))
        } else {
            return nil
        }
    }

    var defaultValueDescription: String {
        switch self {
        case .some(.pixels(let count)): "\(count)px"
        case .some(.diagonal(let share)): "\(share)"
        case .none: "none"
        }
    }
}

/// Prints a value as indented JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
