import Foundation
import Support
import TensorFiles
import Torch

/// Tensors and settings that a script in `scripts/reference/` wrote into a test target's `Fixtures`.
public struct Fixture: Sendable {
    public let tensors: [String: Tensor]
    public let metadata: [String: String]
    private let name: String

    /// Opens `Fixtures/<name>.safetensors` of a test bundle: `Fixture("operators", in: .module)`.
    /// - Throws: `UserError` when there is none, `TensorFileError` when it is malformed.
    public init(_ name: String, in bundle: Bundle) throws {
        guard let url = bundle.url(forResource: name, withExtension: "safetensors", subdirectory: "Fixtures") else {
            throw UserError("no Fixtures/\(name).safetensors in \(bundle.bundlePath)")
        }
        try self.init(url)
    }

    public init(_ url: URL) throws {
        let archive = try TensorArchive.open(url)
        name = url.lastPathComponent
        metadata = archive.metadata
        tensors = Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, Tensor.mapped($0)) })
    }

    /// The tensor called `key`.
    /// - Throws: `UserError` when there is none.
    public subscript(_ key: String) -> Tensor {
        get throws {
            guard let tensor = tensors[key] else { throw UserError("\(name) has no tensor \(key)") }
            return tensor
        }
    }

    /// All tensors whose names begin with `prefix`, under the rest of their names.
    public func tensors(under prefix: String) -> [String: Tensor] {
        let found = tensors.filter { $0.key.hasPrefix(prefix) }
        return Dictionary(uniqueKeysWithValues: found.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
    }

    /// An entry of the metadata, which the scripts write as JSON.
    /// - Throws: `UserError` when there is none, `DecodingError` when it is something else.
    public func settings<Settings: Decodable>(_ key: String, as type: Settings.Type = Settings.self) throws -> Settings {
        guard let text = metadata[key] else { throw UserError("\(name) has no metadata \(key)") }
        return try JSONDecoder().decode(Settings.self, from: Data(text.utf8))
    }
}
