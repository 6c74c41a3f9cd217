import Foundation
import SegData
import Support
import Vision

/// Cityscapes' evaluation of instances on folders, in the layout that its server takes.
public struct CityscapesEvaluation: Sendable {
    /// A line of a text file of predictions.
    private struct Entry {
        let mask: URL
        let label: Int
        let confidence: Double
    }

    private let pairs: [(truth: URL, prediction: URL)]
    private let root: URL

    /// Pairs `city_sequence_frame_gtFine_instanceIds.png` with `city_sequence_frame….txt`, both anywhere below their folders.
    /// - Throws: `UserError` when there is no truth, and for each truth without or with several predictions.
    public init(truth: URL, predictions: URL) throws {
        let truths = try Self.files(truth, "_instanceIds.png")
        guard !truths.isEmpty else {
            throw UserError(
                "\(truth.path): expected files whose names end in _gtFine_instanceIds.png, found none",
                hint: "Give Cityscapes' gtFine folder or one split of it.")
        }
        var texts: [String: [URL]] = [:]
        for url in try Self.files(predictions, ".txt") { texts[Self.frame(url), default: []].append(url) }
        pairs = try truths.map { truth in
            let found = texts[Self.frame(truth)] ?? []
            guard found.count == 1 else {
                throw UserError(
                    "\(predictions.path): expected one text file \(Self.frame(truth))*.txt for \(truth.lastPathComponent), "
                        + "found \(found.isEmpty ? "none" : "\(found.count): " + found.map(\.lastPathComponent).joined(separator: ", "))")
            }
            return (truth, found[0])
        }
        root = predictions.standardizedFileURL.resolvingSymlinksInPath()
    }

    public var count: Int { pairs.count }

    /// - Parameter progress: called with the number of images done, from any thread.
    /// - Throws: `UserError` naming the file for images and lines that cannot be read, masks of another size, unknown labels, and paths
    ///   that lead out of the folder.
    public func run(
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, progress: (@Sendable (Int) -> Void)? = nil
    ) throws -> CityscapesScores {
        CityscapesScores(try concurrentMap(pairs.count, threads: min(threads, pairs.count), progress: progress) { try matches(pairs[$0]) })
    }

    private func matches(_ pair: (truth: URL, prediction: URL)) throws -> CityscapesMatches {
        let entries = try entries(pair.prediction)
        return try CityscapesMatches(try InstanceMap(contentsOf: pair.truth)) { take in
            for entry in entries {
                let mask = try LabelMap(contentsOf: entry.mask)
                try take(CityscapesDetection(label: entry.label, confidence: entry.confidence, mask: mask, name: entry.mask.path))
            }
        }
    }

    private func entries(_ url: URL) throws -> [Entry] {
        guard let data = FileManager.default.contents(atPath: url.path) else { throw UserError("\(url.path): the file cannot be read") }
        var seen: Set<String> = []
        let lines = String(decoding: data, as: UTF8.self).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return try lines.enumerated().compactMap { number, line in
            let fields = line.split(whereSeparator: \.isWhitespace)
            if fields.isEmpty { return nil }
            guard fields.count == 3, let label = Double(fields[1]), abs(label) < 1e9, let confidence = Double(fields[2]),
                confidence.isFinite
            else {
                throw UserError("\(url.path): expected a path, a label id and a confidence in line \(number + 1), found '\(line)'")
            }
            let mask = url.deletingLastPathComponent().appendingPathComponent(String(fields[0])).standardizedFileURL
            guard !fields[0].hasPrefix("/"), mask.resolvingSymlinksInPath().path.hasPrefix(root.path + "/") else {
                throw UserError("\(url.path): the path \(fields[0]) in line \(number + 1) leads out of \(root.path)")
            }
            guard seen.insert(mask.path).inserted else { throw UserError("\(url.path): \(fields[0]) is named twice") }
            return Entry(mask: mask, label: Int(label), confidence: confidence)
        }
    }

    /// `city_sequence_frame` of a file's name.
    private static func frame(_ url: URL) -> String {
        let name = url.deletingPathExtension().lastPathComponent
        return name.split(separator: "_", omittingEmptySubsequences: false).prefix(3).joined(separator: "_")
    }

    private static func files(_ folder: URL, _ suffix: String) throws -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw UserError("\(folder.path): there is no such folder")
        }
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return names.filter { $0.hasSuffix(suffix) }.sorted().map { folder.appendingPathComponent($0) }
    }
}
