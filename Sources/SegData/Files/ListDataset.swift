import Foundation
import Support
import Vision

/// Images, and labels, of a list: the leanest way to millions of samples, since a sample costs no more than its line.
///
/// A line holds the path of an image, or of an image and its label PNG with a tab between them. Relative paths start from the
/// list's folder.
public struct ListDataset: Dataset {
    public let classes: ClassList
    private let lines: TextLines
    private let folder: URL
    private let reader: LabelReader

    /// - Throws: `UserError` when the list cannot be read or is empty. Whether the files exist is seen when they are read.
    public init(_ list: URL, classes: ClassList, ignoring: Set<UInt8> = []) throws {
        guard let data = try? Data(contentsOf: list, options: .mappedIfSafe) else {
            throw UserError(
                "\(list.path): cannot read the list of images", hint: "A line is an image's path, a tab, and its label PNG's path.")
        }
        try self.init(TextLines(data), folder: list.deletingLastPathComponent(), name: list.path, classes: classes, ignoring: ignoring)
    }

    /// All images below a folder, without labels, in the order of their paths.
    /// - Throws: `UserError` when there is no such folder, or no image in it.
    public init(imagesBelow folder: URL) throws {
        guard folder.isFolder, let paths = FileManager.default.enumerator(atPath: folder.path) else {
            throw UserError("\(folder.path): there is no such folder", hint: "Check the path.")
        }
        var names: [String] = []
        for case let path as String in paths where ["jpg", "jpeg", "png"].contains((path as NSString).pathExtension.lowercased()) {
            names.append(path)
        }
        names.sort()
        try self.init(
            TextLines(Data(names.joined(separator: "\n").utf8)), folder: folder, name: folder.path, classes: ClassList([]), ignoring: [])
    }

    private init(_ lines: TextLines, folder: URL, name: String, classes: ClassList, ignoring: Set<UInt8>) throws {
        guard lines.count > 0 else { throw UserError("\(name): expected images, found none") }
        self.lines = lines
        self.folder = folder
        self.classes = classes
        reader = LabelReader(classes: classes, coding: .indices(ignoring: ignoring))
    }

    public var count: Int { lines.count }
    public func name(_ index: Int) -> String { (paths(index).image as NSString).deletingPathExtension }

    public func files(_ index: Int) -> [URL] {
        let (image, labels) = paths(index)
        return [image, labels].compactMap { $0 }.map(url)
    }

    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }

    public func open(_ index: Int) throws -> any SampleReader {
        let (image, labels) = paths(index)
        return try FileDataset.Item(name: name(index), image: url(image), labels: labels.map(url)).open(reader)
    }

    private func paths(_ index: Int) -> (image: String, labels: String?) {
        let parts = lines[index].split(separator: "\t", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
        return (parts[0], parts.count > 1 ? parts[1] : nil)
    }

    private func url(_ path: String) -> URL { URL(fileURLWithPath: path, relativeTo: folder) }
}

/// The lines of a text, without empty ones and comments, as places in its bytes: 8 bytes a line beside the text itself.
struct TextLines: Sendable {
    private let data: Data
    private let starts: [Int]

    init(_ data: Data) {
        self.data = data
        var starts: [Int] = []
        data.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                let first = bytes[start..<end].first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\t") }
                if let first, first != UInt8(ascii: "#") { starts.append(start) }
                start = end + 1
            }
        }
        self.starts = starts
    }

    var count: Int { starts.count }

    subscript(index: Int) -> String {
        data.withUnsafeBytes { bytes in
            let rest = bytes[starts[index]...]
            return String(decoding: rest.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        }
    }
}
