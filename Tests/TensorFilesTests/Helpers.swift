import Foundation
import TensorFiles
import Testing

func fixture(_ name: String) -> URL {
    Bundle.module.resourceURL!.appendingPathComponent("Fixtures").appendingPathComponent(name)
}

func fixtureBytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: fixture(name))) }

/// A folder that is removed when `body` ends.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tensor-files-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// Opens `bytes` as a file of weights.
func open(_ bytes: [UInt8], stateDict: String? = nil) throws -> TensorArchive {
    try withTemporaryFolder { folder in
        let url = folder.appendingPathComponent("weights")
        try Data(bytes).write(to: url)
        return try TensorArchive.open(url, stateDict: stateDict)
    }
}

/// The problem that `body` stops with; an error of another kind, or none, fails the test.
func problem<Result>(_ body: () throws -> Result, sourceLocation: SourceLocation = #_sourceLocation) -> TensorFileProblem? {
    do {
        _ = try body()
        Issue.record("it was accepted", sourceLocation: sourceLocation)
    } catch let error as TensorFileError {
        #expect(error.exitCode.rawValue == 65, sourceLocation: sourceLocation)
        return error.problem
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}

/// A tensor's elements in row-major order, whatever its strides.
func elements(of entry: TensorEntry) -> [UInt8] {
    let size = entry.dtype.byteSize
    var offsets = [0]
    for (extent, stride) in zip(entry.shape, entry.strides) {
        offsets = offsets.flatMap { base in (0..<extent).map { base + $0 * stride } }
    }
    return offsets.flatMap { Array(entry.bytes[$0 * size..<($0 + 1) * size]) }
}

/// Equal names (in any order), types, shapes and elements.
func expectEqual(_ found: TensorArchive, _ expected: TensorArchive, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(Set(found.names) == Set(expected.names), sourceLocation: sourceLocation)
    for entry in expected.entries {
        guard let other = found[entry.name] else { continue }
        #expect(other.dtype == entry.dtype, "\(entry.name)", sourceLocation: sourceLocation)
        #expect(other.shape == entry.shape, "\(entry.name)", sourceLocation: sourceLocation)
        #expect(elements(of: other) == elements(of: entry), "\(entry.name)", sourceLocation: sourceLocation)
    }
}
