import Foundation
import Support

/// The images of a data set whose labels are used, by name: a file in which others say how little was labelled.
///
/// A text file has one image a line; `#` begins a comment. A JSON file is a list of names, or a COCO file, whose `images` count. An image
/// may be named as the data set names it, or by its file or label file, with or without folders: Guided Distillation's lists for
/// Cityscapes have lines like `ulm_000075_000019_gtFine_instanceIds.png`.
public struct LabelList: Sendable {
    private let file: String
    private let entries: [String]

    /// - Throws: `UserError` when the file cannot be read or names no image.
    public init(contentsOf url: URL) throws {
        file = url.path
        entries = try url.pathExtension.lowercased() == "json" ? Self.names(inJSON: url) : listedLines(url)
        guard !entries.isEmpty else { throw UserError("\(file): the list names no image") }
    }

    /// The places in a data set of the images that are named, ascending.
    /// - Throws: `UserError` with some of the names that no image has, or that two have.
    func places(in dataset: any Dataset) throws -> [Int] {
        let names = (0..<dataset.count).map(dataset.name)
        let whole = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        let short = Dictionary(grouping: names.indices) { Self.lastPart(names[$0]) }
        // What cannot be used is no mistake of the list.
        let aside = Set(dataset.leftOut.map { Self.lastPart($0.name) })
        var found: Set<Int> = []
        var (missing, ambiguous): ([String], [String]) = ([], [])
        for entry in entries {
            let spellings = Self.spellings(entry)
            if let place = spellings.lazy.compactMap({ whole[$0] }).first {
                found.insert(place)
                continue
            }
            let places = spellings.lazy.compactMap { short[Self.lastPart($0)] }.first ?? []
            found.formUnion(places)
            if places.count > 1 { ambiguous.append(entry) }
            if places.isEmpty, !spellings.contains(where: { aside.contains(Self.lastPart($0)) }) { missing.append(entry) }
        }
        guard missing.isEmpty else {
            throw UserError(
                "\(file): \(missing.count) of \(entries.count) listed images are not among the data set's \(names.count): \(excerpt(missing))",
                hint: "Its images are called \(excerpt(names)).")
        }
        guard ambiguous.isEmpty else {
            throw UserError(
                "\(file): \(ambiguous.count) of \(entries.count) listed names stand for several images: \(excerpt(ambiguous))",
                hint: "Name them with their folders: the data set's images are called \(excerpt(names)).")
        }
        return found.sorted()
    }

    /// What an entry may mean: itself, without what follows a space or tab, without its extension, and without Cityscapes' endings.
    private static func spellings(_ entry: String) -> [String] {
        var spellings = [entry]
        if let end = entry.firstIndex(where: \.isWhitespace) { spellings.append(String(entry[..<end])) }
        spellings += spellings.map { ($0 as NSString).deletingPathExtension }
        let endings = ["_leftImg8bit", "_gtFine_", "_gtCoarse_"]
        return spellings
            + spellings.compactMap { spelling in
                endings.lazy.compactMap { spelling.range(of: $0, options: .backwards) }.first.map { String(spelling[..<$0.lowerBound]) }
            }
    }

    private static func lastPart(_ name: String) -> String { (name as NSString).lastPathComponent }

    private static func names(inJSON url: URL) throws -> [String] {
        struct Listing: Decodable {
            struct Image: Decodable { let file_name: String }
            let images: [Image]
        }
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw UserError("\(url.path): cannot read the list of images")
        }
        if let names = try? JSONDecoder().decode([String].self, from: data) { return names }
        if let listing = try? JSONDecoder().decode(Listing.self, from: data) { return listing.images.map(\.file_name) }
        throw UserError(
            "\(url.path): expected a list of images' names, or a COCO file with 'images', found something else",
            hint: "A list is written [\"a\", \"b\"]; a text file with a name a line will do too.")
    }
}
