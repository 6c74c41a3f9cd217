import Foundation

/// The tensors of a file of weights (or of all shards of one checkpoint), with their bytes left in the mapped files.
public struct TensorArchive: Sendable {
    /// The tensors, in the order of the file.
    public let entries: [TensorEntry]
    /// The free text that a safetensors file carries; empty for a PyTorch file.
    public let metadata: [String: String]
    /// Where in a PyTorch file the tensors were found, such as `model.state_dict`; nil at its top level and for safetensors.
    public let keyPath: String?
    private let indices: [String: Int]

    /// - Throws: ``TensorFileProblem/duplicateName(_:)``.
    init(entries: [TensorEntry], metadata: [String: String] = [:], keyPath: String? = nil) throws {
        self.entries = entries
        self.metadata = metadata
        self.keyPath = keyPath
        var indices: [String: Int] = [:]
        indices.reserveCapacity(entries.count)
        for (index, entry) in entries.enumerated() {
            guard indices.updateValue(index, forKey: entry.name) == nil else { throw TensorFileProblem.duplicateName(entry.name) }
        }
        self.indices = indices
    }

    /// The tensor called `name`, if there is one.
    public subscript(name: String) -> TensorEntry? { indices[name].map { entries[$0] } }

    /// Lets go of the memory that reading has taken so far: bytes are read from the files again when they are needed. Comes before
    /// anybody writes into a tensor that lies over a file.
    public func releasePages() {
        var seen = Set<ObjectIdentifier>()
        for entry in entries where seen.insert(ObjectIdentifier(entry.file)).inserted { entry.file.releasePages() }
    }

    public var names: [String] { entries.map(\.name) }

    /// Opens any file of weights, told apart by its content: safetensors, or PyTorch's zip or legacy format.
    /// For a folder: its `model.safetensors`, sharded `model.safetensors.index.json`, `pytorch_model.bin`, its shards,
    /// or the only file of weights in it. For an index file: its shards.
    ///
    /// - Parameter stateDict: the key path of the wanted dictionary in a PyTorch file, such as `teacher`
    ///   or `model.state_dict`; without it the only dictionary of tensors is taken, and
    ///   ``keyPath`` says which that was.
    /// - Throws: ``TensorFileError``.
    public static func open(_ url: URL, stateDict: String? = nil) throws -> TensorArchive {
        if url.pathExtension == "json" { return try Safetensors.readShards(index: url) }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
            return try open(weightsFile(inFolder: url), stateDict: stateDict)
        }
        let file = try MappedFile(url)
        return try reading(file.path) {
            switch FileKind(file.bytes) {
            case .pytorchZip, .pytorchLegacy: try PickleFile(file).stateDict(stateDict)
            case .safetensors: try Safetensors.read(file)
            case .other(let what): throw TensorFileProblem.notATensorFile(what)
            }
        }
    }

    private static func weightsFile(inFolder folder: URL) throws -> URL {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw TensorFileError(path: folder.path, problem: .unreadable("the folder cannot be listed"))
        }
        for name in ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"]
        where names.contains(name) {
            return folder.appendingPathComponent(name)
        }
        let weights = names.filter { [".safetensors", ".pth", ".pt", ".bin"].contains(where: $0.hasSuffix) }.sorted()
        if weights.count == 1 { return folder.appendingPathComponent(weights[0]) }
        let found = weights.isEmpty ? "a folder without weights" : "a folder with several: \(weights.joined(separator: ", "))"
        throw TensorFileError(path: folder.path, problem: .notATensorFile(found))
    }
}

/// What a file is, told from its first bytes.
enum FileKind: Equatable {
    case safetensors, pytorchZip, pytorchLegacy
    case other(String)

    init(_ bytes: UnsafeRawBufferPointer) {
        func starts(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
        // A safetensors header's length may begin with any byte, so look for its brace first.
        if bytes.count > 8, bytes[8] == UInt8(ascii: "{"), bytes[4..<8].allSatisfy({ $0 == 0 }) {
            self = .safetensors
        } else if starts("PK\u{3}\u{4}") {
            self = .pytorchZip
        } else if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
            self = .pytorchLegacy
        } else if starts("version https://git-lfs") {
            self = .other("a Git LFS pointer: run 'git lfs pull' to get the weights themselves")
        } else if starts("<!DOCTYPE") || starts("<!doctype") || starts("<html") {
            self = .other("a web page: the download went wrong")
        } else {
            self = .safetensors
        }
    }
}
