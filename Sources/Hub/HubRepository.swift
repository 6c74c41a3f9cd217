import Support

/// A model's repository on a hub: `owner/name`.
public struct HubRepository: Sendable, Hashable, CustomStringConvertible {
    public let owner: String
    public let name: String

    /// Reads `owner/name`.
    /// - Throws: `UserError` for anything but two parts of letters, digits, `-`, `_` and `.`, as hubs have them.
    public init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy(Self.isPart), !text.contains("--"), !text.contains(".."), !text.hasSuffix(".git") else {
            throw UserError(
                "'\(text)' is not the name of a repository", hint: "Expected owner/name, such as facebook/dinov2-small.",
                exitCode: .usage)
        }
        (owner, name) = (parts[0], parts[1])
    }

    public var description: String { "\(owner)/\(name)" }

    private static func isPart(_ text: String) -> Bool {
        guard (1...96).contains(text.utf8.count), let first = text.first, let last = text.last else { return false }
        return text.allSatisfy(isAllowed) && !"-.".contains(first) && !"-.".contains(last)
    }

    private static func isAllowed(_ character: Character) -> Bool {
        character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
    }
}

/// Names that come from a user or a server and become paths of the cache. None leads out of its folder.
enum HubPath {
    /// Whether `path` is one or more plain components: not empty, no `.` or `..`, no backslash or control character.
    static func isPlain(_ path: String) -> Bool {
        let components = path.split(separator: "/", omittingEmptySubsequences: false)
        return path.utf8.count <= 1024 && components.allSatisfy(isPlainComponent)
    }

    /// Whether `text` may name a file: what commits and etags look like.
    static func isPlainName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && !text.hasPrefix(".")
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    /// Whether `text` is a whole commit id, which never comes to mean something else.
    static func isCommit(_ text: String) -> Bool { text.utf8.count == 40 && text.allSatisfy { $0.isASCII && $0.isHexDigit } }

    /// - Throws: `UserError` when a file's name would lead out of the model's folder.
    static func checkFile(_ name: String) throws {
        guard isPlain(name) else {
            throw UserError("refused the file name '\(name)': it leads out of the model's folder, or is no name of a file")
        }
    }

    private static func isPlainComponent(_ component: Substring) -> Bool {
        !component.isEmpty && component != "." && component != ".." && component.utf8.count <= 255
            && !component.unicodeScalars.contains { $0 == "\\" || $0.value < 0x20 || $0.value == 0x7F }
    }
}
