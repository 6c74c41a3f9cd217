import Foundation

/// A checkpoint written by `torch.save`, in the zip format (PyTorch 1.6 and later) or the legacy format before it.
///
/// The pickle in it is read by a machine that knows tensors and plain containers only; any other Python
/// name is refused, and no code is run. The tensors stay in the mapped file.
public struct PickleFile: Sendable {
    public let file: MappedFile
    /// The object that was saved.
    public let root: PickleValue

    /// Maps the file at `url` and reads its pickle; no tensor is read.
    /// - Throws: ``TensorFileError``.
    public init(_ url: URL) throws {
        let file = try MappedFile(url)
        self = try reading(file.path) { try PickleFile(file) }
    }

    init(_ file: MappedFile) throws {
        self.file = file
        switch FileKind(file.bytes) {
        case .pytorchZip: root = try Self.readZip(file)
        case .pytorchLegacy: root = try Self.readLegacy(file)
        case .safetensors: throw TensorFileProblem.notATensorFile("something that is no PyTorch file (perhaps safetensors)")
        case .other(let what): throw TensorFileProblem.notATensorFile(what)
        }
    }

    /// `<folder>/data.pkl` refers to storages by key, which lie in `<folder>/data/<key>`.
    private static func readZip(_ file: MappedFile) throws -> PickleValue {
        let archive = try ZipDirectory(file.bytes)
        let pickles = archive.names.filter { $0.hasSuffix("/data.pkl") && $0.firstIndex(of: "/") == $0.lastIndex(of: "/") }
        guard pickles.count == 1, let pickle = try archive.range(pickles[0]) else {
            throw TensorFileProblem.notATensorFile("a zip archive without one data.pkl")
        }
        let folder = pickles[0].dropLast("data.pkl".count)
        guard !archive.names.contains("\(folder)constants.pkl") else {
            throw TensorFileProblem.notATensorFile("a TorchScript archive (torch.jit.save)")
        }
        if let order = try archive.range("\(folder)byteorder"), !file.bytes[order].elementsEqual("little".utf8) {
            throw TensorFileProblem.bigEndian
        }

        var machine = PickleMachine(ByteReader(file.bytes, pickle))
        let saved = try machine.run()
        var storages: [String: Range<Int>] = [:]
        for storage in machine.storages { storages[storage.key] = try archive.range("\(folder)data/\(storage.key)") }
        var tree = PickleTree(machine, file: file, storages: storages)
        return try tree.value(saved)
    }

    /// Five pickles in a row (magic number, version, system, the object, the storages' keys),
    /// then each storage: its number of elements in eight bytes, and its elements.
    private static func readLegacy(_ file: MappedFile) throws -> PickleValue {
        var magic = PickleMachine(ByteReader(file.bytes, 0..<file.bytes.count))
        guard case .bigInteger([0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19])? = try? magic.run() else {
            throw TensorFileProblem.notATensorFile("a Python pickle that torch.save did not write")
        }
        var version = PickleMachine(magic.remainder)
        guard case .integer(1001) = try version.run() else { throw version.failure("the format version is not 1001") }
        var system = PickleMachine(version.remainder)
        let systemInfo = try system.run()
        var systemTree = PickleTree(system, file: file, storages: [:])
        if case .bool(false)? = try systemTree.value(systemInfo)["little_endian"] { throw TensorFileProblem.bigEndian }

        var machine = PickleMachine(system.remainder)
        let saved = try machine.run()
        var keyMachine = PickleMachine(machine.remainder)
        let keyList = try keyMachine.run()
        guard let keys = keyMachine.items(keyList, .list) else { throw keyMachine.failure("the storages' keys are no list") }

        // A storage is first referred to by the type that it was written as.
        let described = Dictionary(machine.storages.map { ($0.key, $0) }) { first, _ in first }
        var reader = keyMachine.reader
        var storages: [String: Range<Int>] = [:]
        for key in keys {
            guard let key = keyMachine.storageKey(key), let storage = described[key] else {
                throw keyMachine.failure("a storage that no tensor uses")
            }
            do {
                let count = try reader.integer(Int64.self)
                guard count == storage.count, let bytes = Layout.product([storage.count, storage.dtype.byteSize]) else {
                    throw TensorFileProblem.badPickle(
                        "storage '\(key)' should have \(storage.count) elements, it says \(count)", at: reader.position)
                }
                let start = reader.position
                _ = try reader.take(bytes)
                guard storages.updateValue(start..<start + bytes, forKey: key) == nil else { throw TensorFileProblem.duplicateName(key) }
            } catch is ByteReader.EndOfBytes {
                throw TensorFileProblem.badPickle("storage '\(key)' is cut short", at: reader.position)
            }
        }
        var tree = PickleTree(machine, file: file, storages: storages)
        return try tree.value(saved)
    }
}

extension PickleMachine {
    /// What follows the pickle.
    fileprivate var remainder: ByteReader { ByteReader(reader.bytes, reader.position..<reader.end) }
}
