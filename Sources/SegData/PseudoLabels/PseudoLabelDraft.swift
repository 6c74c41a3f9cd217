import Foundation
import Support
import Vision

/// Pseudo-labels in the making: a line an image in a file beside the one that they will be, so that a long work goes on where it stopped.
public final class PseudoLabelDraft {
    private struct Header: Codable, Equatable {
        let info: PseudoLabelInfo
        let classes: [String]
    }

    private struct Entry: Codable {
        struct Object: Codable {
            let category: Int
            let score: Double
            /// COCO's compressed counts.
            let counts: String
        }
        let name: String
        let file: String
        let width: Int
        let height: Int
        let objects: [Object]
    }

    private let url: URL
    private let draft: URL
    private let header: Header
    private var entries: [String: Entry] = [:]
    private let handle: FileHandle
    private let encoder = JSONEncoder()

    /// Goes on with what is there, if it was begun with the same `info` and classes; else begins anew.
    /// - Parameter url: where the pseudo-labels will be.
    /// - Throws: `UserError` when the folder cannot be written.
    public init(for url: URL, _ info: PseudoLabelInfo, classes: ClassList) throws {
        self.url = url
        draft = url.appendingPathExtension("partial")
        header = Header(info: info, classes: classes.names)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let known = Self.read(draft, header)
        entries = known.entries
        if known.end == 0 { try AtomicFile.write(encoder.encode(header) + Data("\n".utf8), to: draft) }
        do {
            handle = try FileHandle(forWritingTo: draft)
            // What was cut off in the middle of a line is done again.
            if known.end > 0 { try handle.truncate(atOffset: UInt64(known.end)) }
            try handle.seekToEnd()
        } catch {
            throw UserError("cannot write \(draft.path): \(error.localizedDescription)")
        }
    }

    deinit { try? handle.close() }

    /// Images that are done.
    public var count: Int { entries.count }
    public func contains(_ name: String) -> Bool { entries[name] != nil }

    /// Adds an image's objects, which are on disk when the call returns.
    /// - Parameters:
    ///   - name: the sample's.
    ///   - file: below ``PseudoLabelInfo/images``; the name where there is no file.
    /// - Throws: `UserError` when the disk is full.
    public func append(_ name: String, file: String, size: Size, _ objects: [ScoredInstance]) throws {
        let entry = Entry(
            name: name, file: file, width: size.width, height: size.height,
            objects: objects.map { .init(category: $0.category, score: $0.score, counts: $0.mask.cocoString) })
        do {
            try handle.write(contentsOf: encoder.encode(entry) + Data("\n".utf8))
        } catch {
            throw UserError("cannot write \(draft.path): \(error.localizedDescription)", hint: "What is done stays: start again.")
        }
        entries[name] = entry
    }

    /// Writes the pseudo-labels of the images, in their order, and removes the draft.
    /// - Precondition: all are done.
    public func finish(_ names: [String]) throws -> PseudoLabels {
        var file = COCOFile(classes: ClassList(names: header.classes))
        for name in names {
            let entry = entries[name]!
            let objects = try entry.objects.map { object in
                ScoredInstance(
                    category: object.category, score: object.score,
                    mask: try RunLengthMask(cocoString: object.counts, width: entry.width, height: entry.height))
            }
            file.append(objects, of: entry.file, name: name, width: entry.width, height: entry.height)
        }
        let labels = PseudoLabels(file, header.info, path: url.path)
        try labels.write(to: url)
        try? FileManager.default.removeItem(at: draft)
        return labels
    }

    /// The lines that are whole, and where they end; nothing of a draft that was begun with another header.
    private static func read(_ url: URL, _ header: Header) -> (entries: [String: Entry], end: Int) {
        guard let data = FileManager.default.contents(atPath: url.path) else { return ([:], 0) }
        let decoder = JSONDecoder()
        var entries: [String: Entry] = [:]
        var end = 0
        while let newline = data[end...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = data[end..<newline]
            if end == 0 {
                guard (try? decoder.decode(Header.self, from: line)) == header else { return ([:], 0) }
            } else {
                guard let entry = try? decoder.decode(Entry.self, from: line) else { break }
                entries[entry.name] = entry
            }
            end = newline + 1
        }
        return (entries, end)
    }
}
