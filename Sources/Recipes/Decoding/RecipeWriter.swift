/// Writes sections as YAML, each key under a comment that explains it.
struct RecipeWriter {
    private(set) var lines: [String] = []
    private var depth = 0
    /// Comments are wrapped so that a line has at most this many characters.
    private let width = 100

    /// Writes the keys that have a meaning in `section`, at the current depth.
    mutating func write<Section: RecipeBlock>(_ section: Section) {
        write(section, fields: section.writtenFields)
    }

    mutating func write<Section>(_ section: Section, fields: [Field<Section>]) {
        for (index, field) in fields.filter({ $0.applies(to: section) }).enumerated() {
            if depth == 0 && index > 0 { lines.append("") }
            for line in Self.wrapped(field.doc, width: width - 2 * depth - 2) { append("# \(line)") }
            if let block = field.writeBlock {
                let start = lines.count
                append("\(field.key):")
                depth += 1
                block(section, &self)
                depth -= 1
                if lines.count > start + 1 { continue }
                lines.removeLast()
            }
            append("\(field.key): \(field.yaml(section))")
        }
    }

    /// Writes `section` as an item of a list: its first line carries the dash.
    mutating func writeItem<Section: RecipeBlock>(_ section: Section) {
        depth += 1
        let start = lines.count
        write(section)
        depth -= 1
        let indent = String(repeating: "  ", count: depth)
        // The dash stands before the first key, and the comment of that key above the dash.
        guard let first = lines[start...].firstIndex(where: { !$0.drop(while: { $0 == " " }).hasPrefix("#") }) else { return }
        for index in start..<first { lines[index].removeFirst(2) }
        lines[first] = "\(indent)- " + lines[first].dropFirst(indent.count + 2)
    }

    private mutating func append(_ line: String) {
        lines.append(String(repeating: "  ", count: depth) + line)
    }

    /// `a`, `a or b`, `a, b or c`.
    static func alternatives(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return "\(words.dropLast().joined(separator: ", ")) or \(last)"
    }

    /// Text as YAML: plain where it cannot be mistaken for anything else, otherwise in double quotes.
    static func quotedIfNeeded(_ text: String) -> String {
        let reserved = ["null", "none", "off", "on", "auto", "all", "true", "false", "yes", "no"]
        let isWord = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./+".contains($0)) }
        let starts = text.first.map { $0.isLetter || "_./".contains($0) } ?? false
        if isWord && starts && !reserved.contains(text.lowercased()) { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\t": escaped += "\\t"
            case _ where scalar.value < 32 || scalar.value == 127:
                let digits = String(scalar.value, radix: 16)
                escaped += "\\x" + String(repeating: "0", count: 2 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return "\"\(escaped)\""
    }

    private static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count + 1 <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
