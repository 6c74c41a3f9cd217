import Foundation

/// `text` with the characters escaped that mean something in HTML and SVG, attributes included.
func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for character in text {
        switch character {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.append(character)
        }
    }
    return result
}

/// `<name attributes>content</name>`; the content is markup, the attributes' values are escaped.
func element(_ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ content: String) -> String {
    let list = attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
    return "<\(name)\(list)>\(content)</\(name)>"
}

/// A file within the page: `data:image/png;base64,…`.
func dataURI(_ data: Data, type: String) -> String { "data:\(type);base64,\(data.base64EncodedString())" }

/// A number for SVG coordinates.
func coordinate(_ value: Double) -> String {
    let text = String(format: "%.1f", value)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}

/// A small square in a class's colour.
func swatch(_ color: [UInt8]) -> String {
    "<span class=\"swatch\" style=\"background:rgb(\(color[0]),\(color[1]),\(color[2]))\"></span>"
}
