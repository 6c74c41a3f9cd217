import Foundation
import Support

/// One split of a data set that is to be opened, with what the readers of the official layouts share.
struct DatasetRequest {
    let kind: DatasetKind
    let split: String
    let options: DatasetOptions

    var root: URL { options.root }

    /// The first of the folders below the root that exists.
    /// - Throws: `UserError` with the expected layout and where to get the set.
    func folder(_ candidates: String...) throws -> URL {
        if let found = candidates.map(path).first(where: \.isFolder) { return found }
        throw missing(candidates)
    }

    /// The first of the files below the root that exists.
    func file(_ candidates: String...) throws -> URL {
        if let found = candidates.map(path).first(where: { $0.isThere && !$0.isFolder }) { return found }
        throw missing(candidates)
    }

    func path(_ relative: String) -> URL { relative.isEmpty ? root : root.appendingPathComponent(relative) }

    /// Says what was looked for, how the set's files must lie and where they come from.
    func missing(_ candidates: [String]) -> UserError {
        guard root.isFolder else {
            return UserError(
                "\(root.path): there is no such folder; expected \(kind.title)", hint: "Check the path. \(whereToGet)")
        }
        let names = candidates.map { "'\($0)'" }.joined(separator: " or ")
        return UserError(
            "\(root.path): expected \(kind.title) with \(names), found \(root.listing)",
            hint: "Give the folder that holds these:\n\(indented(kind.layout, by: 4))\n  \(whereToGet)")
    }

    private var whereToGet: String { "Where to get it: \(kind.source)." }

    /// How the label files in a folder are coded: the first of the endings that any of its files has.
    func labelFiles(in folder: URL, _ codings: [(suffix: String, coding: LabelCoding)]) throws -> (suffix: String, coding: LabelCoding) {
        var found: Set<String> = []
        for case let path as String in FileManager.default.enumerator(atPath: folder.path) ?? .init() {
            found.formUnion(codings.lazy.map(\.suffix).filter { path.hasSuffix($0 + ".png") })
            if found.contains(codings[0].suffix) { break }
        }
        if let coding = codings.first(where: { found.contains($0.suffix) }) { return coding }
        throw UserError(
            "\(folder.path): expected label files ending in \(codings.map { $0.suffix + ".png" }.joined(separator: " or ")), found none",
            hint: "Expected for \(kind.title):\n\(indented(kind.layout, by: 4))\n  \(whereToGet)")
    }

    /// The pairs as a data set of the kind's classes.
    func dataset(_ pairings: [FilePairing], _ coding: LabelCoding = .indices(ignoring: []), objects: ObjectReader? = nil) throws
        -> FileDataset
    {
        try FileDataset(
            pairings, classes: kind.classes ?? ClassList([]), coding: coding,
            instanceClasses: options.instances ? kind.instanceClasses : nil, objects: options.instances ? objects : nil,
            leavingOutUnpaired: options.leavesOutUnpaired)
    }
}

/// Each line with spaces before it.
func indented(_ text: String, by spaces: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
        .map { String(repeating: " ", count: spaces) + $0 }.joined(separator: "\n")
}

extension URL {
    var isThere: Bool { FileManager.default.fileExists(atPath: path) }

    var isFolder: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The first names in the folder, for messages.
    fileprivate var listing: String {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).filter { !$0.hasPrefix(".") }.sorted()
        return names.isEmpty ? "nothing" : names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", …" : "")
    }
}
