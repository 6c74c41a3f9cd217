import Foundation
import Support
import Vision

/// A class list read from a file, with the label values that mean "ignore" there.
public struct ClassFile: Sendable, Equatable {
    public let classes: ClassList
    /// Label values besides 255 that stand for no class.
    public let ignore: Set<UInt8>

    /// Reads `classes.json`, the names in a YOLO `data.yaml`, or a text file with a class name a line.
    ///
    /// The JSON has `classes`, a list of names or of `{"name": …, "color": [r, g, b]}`, and optionally `ignore`, a value or a
    /// list of values. Ignored values at the end of the list of classes are no classes, as in CamVid's "unlabelled".
    /// - Throws: `UserError` naming the file and what is wrong in it.
    public init(contentsOf url: URL) throws {
        guard let data = FileManager.default.contents(atPath: url.path) else {
            throw UserError(
                "\(url.path): cannot read the class list",
                hint: "Write a file with one class name a line, in the order of the label values.")
        }
        let parsed =
            switch url.pathExtension.lowercased() {
            case "json": try Self.parseJSON(data, url)
            case "yaml", "yml": try Self.parseNames(data, url)
            default: Self.parseText(data)
            }
        var (entries, ignore) = parsed
        while let last = entries.indices.last, ignore.contains(UInt8(clamping: last)) { entries.removeLast() }
        guard !entries.isEmpty, entries.count < 255 else {
            throw UserError("\(url.path): expected 1 to 254 classes, found \(entries.count)")
        }
        let names = entries.map(\.name)
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw UserError("\(url.path): the class \"\(twice)\" is listed twice", hint: "Every class needs a name of its own.")
        }
        classes = ClassList(entries)
        ignore.remove(ClassList.ignore)
        self.ignore = ignore
    }

    private struct Content: Decodable {
        enum Class: Decodable {
            case name(String)
            case entry(ClassList.Entry)

            init(from decoder: any Decoder) throws {
                if let name = try? decoder.singleValueContainer().decode(String.self) {
                    self = .name(name)
                } else {
                    self = .entry(try ClassList.Entry(from: decoder))
                }
            }
        }
        enum Ignore: Decodable {
            case values([UInt8])

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                self = .values(try (try? container.decode([UInt8].self)) ?? [container.decode(UInt8.self)])
            }
        }
        let classes: [Class]
        let ignore: Ignore?
    }

    private static func parseJSON(_ data: Data, _ url: URL) throws -> ([ClassList.Entry], Set<UInt8>) {
        let content: Content
        do { content = try JSONDecoder().decode(Content.self, from: data) } catch {
            throw UserError(
                "\(url.path): expected {\"classes\": [\"road\", …], \"ignore\": 255}, found something else",
                hint: "Class entries are names, or {\"name\": \"road\", \"color\": [128, 64, 128]}.")
        }
        let plain = coloured(content.classes.map { if case .name(let name) = $0 { name } else { "" } })
        let entries = zip(content.classes, plain).map { given, coloured in
            if case .entry(let entry) = given { entry } else { coloured }
        }
        guard entries.allSatisfy({ $0.color.count == 3 }) else {
            throw UserError("\(url.path): a class colour needs three numbers: red, green, blue")
        }
        guard case .values(let ignore)? = content.ignore else { return (entries, []) }
        return (entries, Set(ignore))
    }

    /// The `names` of a YOLO data.yaml: `[a, b]`, or a line each as `- a` or `0: a`.
    private static func parseNames(_ data: Data, _ url: URL) throws -> ([ClassList.Entry], Set<UInt8>) {
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        func plain(_ text: some StringProtocol) -> String { text.trimmingCharacters(in: CharacterSet(charactersIn: " \t'\"")) }
        guard let start = lines.firstIndex(where: { $0.hasPrefix("names:") }) else {
            throw UserError(
                "\(url.path): expected 'names:' with the classes, found none", hint: "Write classes.txt with a name a line instead.")
        }
        let rest = lines[start].dropFirst("names:".count).trimmingCharacters(in: .whitespaces)
        if rest.hasPrefix("["), rest.hasSuffix("]") {
            return (coloured(rest.dropFirst().dropLast().split(separator: ",").map(plain)), [])
        }
        let items = lines[(start + 1)...].prefix { $0.hasPrefix(" ") || $0.hasPrefix("-") }
        let names = try items.enumerated().map { index, line in
            let item = line.trimmingCharacters(in: .whitespaces)
            if item.hasPrefix("- ") { return plain(item.dropFirst(2)) }
            let parts = item.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, Int(parts[0]) == index else {
                throw UserError("\(url.path): expected '\(index): NAME' under names, found '\(item)'")
            }
            return plain(parts[1])
        }
        return (coloured(names), [])
    }

    /// In the colours of a class list; more than it can hold are refused by their number, later.
    private static func coloured(_ names: [String]) -> [ClassList.Entry] {
        names.count < 255 ? ClassList(names: names).entries : names.map { ClassList.Entry($0, [0, 0, 0]) }
    }

    private static func parseText(_ data: Data) -> ([ClassList.Entry], Set<UInt8>) {
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        let names = lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        return (coloured(names), [])
    }
}
