import Foundation
import Support
import TensorFiles
import Testing

/// Damages every fixture in thousands of ways. Whatever comes out must be an error that names its problem or
/// tensors that lie inside the file; a crash ends the test run.
@Suite struct MutationTests {
    static let names = [
        "zip.pth", "legacy.pth", "state_protocol2.pth", "state_protocol5.pth", "state_legacy.pth", "zip64.pth", "two_state_dicts.pth",
        "dtypes.safetensors", "state.safetensors", "checkpoint.safetensors",
    ]

    @Test(arguments: names.indices)
    func damagedFilesNeverCrash(index: Int) throws {
        let original = try fixtureBytes(Self.names[index])
        var random = SeededRandom(7, index)
        var refused = 0
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("weights")
            for _ in 0..<600 {
                try Data(Self.damage(original, &random)).write(to: url)
                do {
                    try Self.readEverything(url)
                } catch let error as TensorFileError {
                    refused += 1
                    #expect(!error.description.isEmpty)
                }
            }
        }
        #expect(refused > 50)
    }

    @Test(arguments: names)
    func everyTruncationIsNoticed(name: String) throws {
        let original = try fixtureBytes(name)
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("weights")
            for length in stride(from: 0, to: original.count, by: max(1, original.count / 300)) {
                try Data(original[..<length]).write(to: url)
                #expect(throws: TensorFileError.self) { try Self.readEverything(url) }
            }
        }
    }

    private static func damage(_ original: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
        var bytes = original
        // Headers and pickles lie at the front or, for a zip's directory, at the end: aim there half of the time.
        func position() -> Int {
            switch random.below(4) {
            case 0: random.below(min(400, bytes.count))
            case 1: bytes.count - 1 - random.below(min(400, bytes.count))
            default: random.below(bytes.count)
            }
        }
        for _ in 0...random.below(3) {
            let at = position()
            switch random.below(6) {
            case 0: bytes[at] ^= 1 << UInt8(random.below(8))
            case 1: bytes[at] = UInt8(random.below(256))
            case 2: bytes[at] = [0, 0xFF, 0x7F, 0x80][random.below(4)]
            case 3: for i in at..<min(at + 8, bytes.count) { bytes[i] = 0xFF }
            case 4: bytes.remove(at: at)
            default: bytes.insert(bytes[position()], at: at)
            }
        }
        return bytes
    }

    private static func readEverything(_ url: URL) throws {
        do {
            for entry in try TensorArchive.open(url).entries { try check(entry) }
        } catch let error as TensorFileError {
            guard case .ambiguousStateDict(let keyPaths) = error.problem else { throw error }
            for keyPath in keyPaths {
                for entry in try TensorArchive.open(url, stateDict: keyPath).entries { try check(entry) }
            }
        }
    }

    private static func check(_ entry: TensorEntry) throws {
        try #require(entry.byteOffset >= 0 && entry.byteCount >= 0 && entry.byteOffset <= entry.file.bytes.count - entry.byteCount)
        let reach = zip(entry.shape, entry.strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
        try #require(entry.shape.contains(0) || reach * entry.dtype.byteSize == entry.byteCount)
    }
}
