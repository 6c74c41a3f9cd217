import Foundation
import Support
import TensorFiles
import Testing

@Suite struct SafetensorsTests {
    @Test func readsEveryTypeThatPythonWrote() throws {
        let archive = try Safetensors.read(fixture("dtypes.safetensors"))
        #expect(archive.metadata == ["format": "pt", "quo\"te\n": "\u{1}ü\\"])
        #expect(Set(archive.entries.map(\.dtype)) == Set(StoredType.allCases))
        for entry in archive.entries {
            #expect(entry.name == "\(entry.dtype)")
            #expect(entry.shape == [2, 3])
            #expect(entry.strides == [3, 1])
            #expect(entry.isContiguous && entry.isAligned)
            #expect(entry.byteCount == 6 * entry.dtype.byteSize)
        }
        let doubles = try #require(archive["float64"]).bytes
        #expect((0..<6).map { doubles.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) } == [0, 1, 2, 3, 4, 5])
        #expect(archive["float65"] == nil)
    }

    @Test(arguments: ["dtypes", "state", "checkpoint"])
    func writesTheBytesThatPythonWrites(name: String) throws {
        let url = fixture("\(name).safetensors")
        let archive = try Safetensors.read(url)
        // Backwards: the order of writing must not matter.
        let sources = archive.entries.reversed().map {
            Safetensors.Source(name: $0.name, dtype: $0.dtype, shape: $0.shape, bytes: $0.bytes)
        }
        try withTemporaryFolder { folder in
            let copy = folder.appendingPathComponent("copy.safetensors")
            try Safetensors.write(sources, metadata: archive.metadata, to: copy)
            #expect(try Data(contentsOf: copy) == Data(contentsOf: url))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["copy.safetensors"])
        }
    }

    @Test func writesNothingWhenSomethingIsWrong() throws {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("weights.safetensors")
            let bytes: [UInt8] = [1, 2, 3, 4]
            bytes.withUnsafeBytes { bytes in
                func source(_ name: String, _ shape: [Int]) -> Safetensors.Source {
                    .init(name: name, dtype: .uint8, shape: shape, bytes: bytes)
                }
                #expect(problem { try Safetensors.write([source("a", [4]), source("a", [2, 2])], to: url) } == .duplicateName("a"))
                #expect(problem { try Safetensors.write([source("a", [5])], to: url) } == .sizeMismatch(tensor: "a", expected: 5, found: 4))
                #expect(problem { try Safetensors.write([source("__metadata__", [4])], to: url) } == .duplicateName("__metadata__"))
                _ = problem { try Safetensors.write([source("a", [-2, -2])], to: url) }
                #expect(!FileManager.default.fileExists(atPath: url.path))
                let nowhere = folder.appendingPathComponent("absent/weights.safetensors")
                #expect(throws: UserError.self) { try Safetensors.write([source("a", [4])], to: nowhere) }
            }
        }
    }

    // MARK: Malformed files

    static func file(_ header: String, data: Int = 8, length: UInt64? = nil) -> [UInt8] {
        let length = length ?? UInt64(header.utf8.count)
        return withUnsafeBytes(of: length.littleEndian, Array.init) + Array(header.utf8) + [UInt8](repeating: 7, count: data)
    }

    static func tensor(_ name: String, _ dtype: String = "F32", _ shape: String = "[2]", _ offsets: String = "[0,8]") -> String {
        "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
    }

    @Test func acceptsWhatIsUnusualButRight() throws {
        #expect(try open(Self.file("{}", data: 0)).entries.isEmpty)
        #expect(try open(Self.file("{\(Self.tensor("a"))}   ")).names == ["a"])
        #expect(try open(Self.file("{\"a\": {\"data_offsets\": [0, 8],\n \"shape\": [], \"dtype\": \"I64\"} }"))["a"]?.shape == [])
        let escaped = try open(Self.file("{\"\\u00e9\\ud83d\\ude00\\/\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"))
        #expect(escaped.names == ["é😀/"])
        // File order, not header order; an empty tensor may stand between two others.
        let three =
            "{\(Self.tensor("last", "F32", "[1]", "[4,8]")),\(Self.tensor("first", "F32", "[1]", "[0,4]")),\(Self.tensor("none", "F32", "[0,5]", "[4,4]"))}"
        #expect(try open(Self.file(three)).names == ["first", "none", "last"])
        // A header length that is no multiple of eight: old files have it.
        let odd = try open(Self.file("{\(Self.tensor("a")) }"))
        #expect(odd.entries[0].byteOffset == Self.file("{\(Self.tensor("a")) }", data: 0).count)
    }

    @Test func refusesBadLengths() {
        #expect(problem { try open([1, 2, 3]) } == .tooShort(3))
        #expect(problem { try open([]) } == .unreadable("the file is empty"))
        #expect(problem { try open(Self.file("{}", data: 0, length: 3)) } == .headerBeyondFile(header: 3, file: 10))
        #expect(problem { try open(Self.file("{}", data: 0, length: 100_000_001)) } == .headerTooLarge(100_000_001))
        #expect(problem { try open(Self.file("{}", data: 0, length: .max)) } == .headerTooLarge(.max))
        #expect(problem { try open(Self.file("{\(Self.tensor("a"))}", data: 9)) } == .wrongDataLength(expected: 8, found: 9))
        #expect(problem { try open(Self.file("{\(Self.tensor("a"))}", data: 7)) } == .wrongDataLength(expected: 8, found: 7))
    }

    @Test(arguments: [
        "", " {}", "[]", "null", "{", "{}}", "{} x", "{\"a\"}", "{\"a\":}", "{\"a\":1}", "{\"a\":{}}", "{\"a\":[],}", "{'a':1}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "{\"a\":{\"dtype\":7,\"shape\":[2],\"data_offsets\":[0,8]}}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"scale\":2}}",
        "{\(tensor("a", "F32", "[-2]"))}", "{\(tensor("a", "F32", "[2.0]"))}", "{\(tensor("a", "F32", "[02]"))}",
        "{\(tensor("a", "F32", "[\"2\"]"))}",
        "{\(tensor("a", "F32", "[18446744073709551616]"))}", "{\(tensor("a", "F32", "[2]", "[0]"))}",
        "{\(tensor("a", "F32", "[2]", "[0,8,8]"))}",
        "{\(tensor("a", "F32", "[2]", "[8,0]"))}", "{\(tensor("a", "F32", "[2]", "[-8,0]"))}", "{\(tensor("a", "F32", "[2]", "8"))}",
        "{\"__metadata__\":[],\(tensor("a"))}", "{\"__metadata__\":{\"a\":1},\(tensor("a"))}", "{\"\u{1}\":1}", "{\"\\x\":1}",
        "{\"\\ud800\":1}",
        "{\"a\":" + String(repeating: "[", count: 100_000),
    ])
    func refusesBadHeaders(header: String) {
        let found = problem { try open(Self.file(header)) }
        guard case .badHeader? = found else { return #expect(Bool(false), "\(header.prefix(80)): \(String(describing: found))") }
    }

    @Test func refusesWhatDoesNotFitTogether() {
        func read(_ header: String) -> TensorFileProblem? { problem { try open(Self.file(header)) } }
        let a = Self.tensor("a")
        #expect(read("{\(a),\(a)}") == .duplicateName("a"))
        #expect(read("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}") == .duplicateName("dtype"))
        #expect(read("{\(Self.tensor("a", "F99"))}") == .unsupportedType(tensor: "a", type: "F99"))
        #expect(read("{\(Self.tensor("a", "C64", "[1]"))}") == .unsupportedType(tensor: "a", type: "C64"))
        #expect(read("{\(Self.tensor("a", "F32", "[3]"))}") == .sizeMismatch(tensor: "a", expected: 12, found: 8))
        #expect(read("{\(Self.tensor("a", "F32", "[2]", "[4,12]"))}") == .badOffset(tensor: "a", expected: 0, found: 4))
        #expect(read("{\(a),\(Self.tensor("b", "F32", "[1]", "[4,8]"))}") == .badOffset(tensor: "b", expected: 8, found: 4))
        #expect(
            read("{\(Self.tensor("a", "F32", "[1]", "[0,4]")),\(Self.tensor("b", "F16", "[1]", "[6,8]"))}")
                == .badOffset(tensor: "b", expected: 4, found: 6))
        guard case .badLayout? = read("{\(Self.tensor("a", "F32", "[4611686018427387904,4]"))}") else { return #expect(Bool(false)) }
        #expect(problem { try Safetensors.read(fixture("float8.safetensors")) } == .unsupportedType(tensor: "weight", type: "F8_E4M3"))
    }

    @Test func saysWhatAWrongFileIs() {
        guard
            case .notATensorFile(let lfs)? = problem({ try open(Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8)) }),
            case .notATensorFile(let page)? = problem({ try open(Array("<!DOCTYPE html><html></html>".utf8)) }),
            case .unreadable? = problem({ try TensorArchive.open(URL(fileURLWithPath: "/nowhere/model.safetensors")) }),
            case .unreadable? = problem({ try Safetensors.read(FileManager.default.temporaryDirectory) })
        else { return #expect(Bool(false)) }
        #expect(lfs.contains("git lfs pull"))
        #expect(page.contains("web page"))
    }
}
