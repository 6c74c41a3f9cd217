import Foundation
import SegData
import Support
import Vision

/// Predicted label maps in one folder and true ones in another, which belong together by name.
public struct LabelPairs: Sendable {
    public struct Pair: Sendable {
        /// The path below the folders, without extension and suffix.
        public let name: String
        public let prediction: URL
        public let truth: URL
        /// A second prediction, to compare with.
        public let other: URL?
    }

    public let pairs: [Pair]
    /// Predictions without a truth: they cannot be scored.
    public let unused: [String]

    /// - Parameters:
    ///   - other: a folder of a second model's predictions; nil for none.
    ///   - predictionSuffix: what the names of predictions end in before the extension, as in `01_pred.png`.
    /// - Throws: `UserError` when a folder is missing or a true label map has no prediction.
    public init(predictions: URL, truth: URL, other: URL? = nil, predictionSuffix: String = "", truthSuffix: String = "") throws {
        let truths = try FolderListing(truth, extensions: ["png"], suffix: truthSuffix)
        func listing(_ folder: URL) throws -> FolderListing {
            let found = try FolderListing(folder, extensions: ["png"], suffix: predictionSuffix)
            let missing = truths.names.filter { found[$0] == nil }
            guard missing.isEmpty else {
                let more = missing.count > 3 ? ", …" : ""
                let expected = folder.appendingPathComponent(missing[0] + predictionSuffix + ".png").path
                throw UserError(
                    "\(folder.path): \(missing.count) of \(truths.names.count) label maps have no prediction: "
                        + missing.prefix(3).joined(separator: ", ") + more,
                    hint: "Expected for example \(expected). Predictions and truth have the same path below their folders; "
                        + "name endings that differ with --pred-suffix and --truth-suffix.")
            }
            return found
        }
        let found = try listing(predictions)
        let others = try other.map(listing)
        pairs = truths.names.map { Pair(name: $0, prediction: found[$0]!, truth: truths[$0]!, other: others?[$0]) }
        unused = found.names.filter { truths[$0] == nil }
    }

    /// The parts into which the first folder of the names divides the pairs; names without a folder are in the part `.`.
    public var domains: [(name: String, indices: [Int])] {
        var parts: [String: [Int]] = [:]
        for (index, pair) in pairs.enumerated() {
            parts[pair.name.contains("/") ? String(pair.name.prefix { $0 != "/" }) : ".", default: []].append(index)
        }
        return parts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

/// Reads the label maps of pairs, checked against each other.
public struct LabelPairReader: Sendable {
    private let classes: ClassList
    private let reader: LabelReader

    /// - Parameter ignoring: values of the truth, besides 255, that are not scored.
    public init(classes: ClassList, ignoring: Set<UInt8> = []) {
        self.classes = classes
        reader = LabelReader(classes: classes, coding: .indices(ignoring: ignoring))
    }

    /// - Throws: `UserError` naming the file that is damaged, holds no label map or has another size than the truth; `LabelValueError`
    ///   for a truth with values beyond the classes.
    public func read(_ pair: LabelPairs.Pair) throws -> (prediction: LabelMap, truth: LabelMap, other: LabelMap?) {
        let truth = try reader.read(pair.truth)
        func prediction(_ url: URL) throws -> LabelMap {
            let map = try LabelMap(contentsOf: url)
            guard map.width == truth.width, map.height == truth.height else {
                throw UserError(
                    "\(url.path): expected a prediction of \(truth.width)×\(truth.height) as \(pair.truth.path), found \(map.width)×\(map.height)",
                    hint: "Bring predictions to the truth's own size before they are scored, by nearest neighbour.")
            }
            return map
        }
        return (try prediction(pair.prediction), truth, try pair.other.map(prediction))
    }
}
