import Foundation
import TensorFiles
import Testing

@Suite struct PickleTests {
    @Test(arguments: ["zip.pth", "legacy.pth"])
    func readsPlainValues(name: String) throws {
        let root = try PickleFile(fixture(name)).root
        func text(_ key: String) -> String { root[key].map { "\($0)" } ?? "absent" }
        #expect(text("epoch") == "integer(3)")
        #expect(text("negative") == "integer(-70000)")
        #expect(text("long") == "integer(1099511627776)")
        #expect(text("huge") == "bigInteger([0, 0, 0, 0, 0, 0, 0, 0, 64])")
        #expect(text("loss") == "real(0.125)")
        #expect(text("flag") == "bool(true)")
        #expect(text("nothing") == "none")
        #expect(text("raw") == "bytes([0, 255, 128])")
        #expect(text("no_bytes") == "bytes([])")
        guard case .string("größer 😀")? = root["note"], case .string("cuda:1")? = root["device"],
            case .string("torch.bfloat16")? = root["dtype"],
            case .tuple(let pair)? = root["pair"], case .list(let steps)? = root["steps"], case .set(let classes)? = root["classes"],
            case .tuple(let size)? = root["size"], case .dictionary(let milestones)? = root["milestones"],
            case .dictionary(let ordered)? = root["ordered"]
        else { return #expect(Bool(false)) }
        #expect(pair.count == 2 && steps.count == 3 && classes.count == 2)
        #expect("\(size)".contains("integer(2)") && "\(size)".contains("integer(3)"))
        let epochs = milestones.pairs.map { pair in "\(pair.key)" }
        #expect(epochs == ["integer(0)", "integer(10)"])
        let keys = ordered.pairs.map { pair in "\(pair.key)" }
        #expect(keys == ["string(\"b\")", "string(\"a\")"])
    }

    @Test(arguments: ["zip.pth", "legacy.pth"])
    func readsEveryTensorAndLayout(name: String) throws {
        let expected = try TensorArchive.open(fixture("checkpoint.safetensors"))
        var found: [String: TensorEntry] = [:]
        func collect(_ value: PickleValue) {
            switch value {
            case .tensor(let entry): found[entry.name] = entry
            case .list(let items), .tuple(let items): for item in items { collect(item) }
            case .dictionary(let dictionary): for pair in dictionary.pairs { collect(pair.value) }
            default: break
            }
        }
        collect(try PickleFile(fixture(name)).root)
        #expect(Set(found.keys) == Set(expected.names))
        for entry in expected.entries {
            let other = try #require(found[entry.name])
            #expect(other.dtype == entry.dtype && other.shape == entry.shape, "\(entry.name)")
            #expect(elements(of: other) == elements(of: entry), "\(entry.name)")
        }
        #expect(found["more.layouts.transposed"]?.strides == [1, 6])
        #expect(found["more.layouts.transposed"]?.isContiguous == false)
        #expect(found["more.layouts.columns"]?.strides == [6, 2])
        #expect(found["more.layouts.expanded"]?.strides == [0, 0])
        #expect(found["more.layouts.expanded"]?.byteCount == 4)
        #expect(found["more.layouts.empty"]?.byteCount == 0)
        #expect(found["more.layouts.scalar"]?.shape == [])
        #expect(found["more.layouts.one"]?.isContiguous == true)
        // Shared storage stays shared.
        let base = try #require(found["more.layouts.base"])
        #expect(found["more.layouts.rows"]?.byteOffset == base.byteOffset + 6 * 4)
    }

    @Test(arguments: [
        "state_protocol2.pth", "state_protocol3.pth", "state_protocol4.pth", "state_protocol5.pth", "state_legacy.pth", "zip64.pth",
    ])
    func readsStateDictsOfEveryProtocol(name: String) throws {
        let archive = try TensorArchive.open(fixture(name))
        expectEqual(archive, try TensorArchive.open(fixture("state.safetensors")))
        #expect(
            archive.names == [
                "0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked", "2.weight", "2.bias",
            ])
        #expect(archive.keyPath == nil)
    }

    @Test func keepsTheVersionsOfAStateDict() throws {
        guard case .dictionary(let state) = try PickleFile(fixture("state_protocol2.pth")).root,
            case .integer(2)? = state.attributes?["_metadata"]?["1"]?["version"]
        else { return #expect(Bool(false)) }
    }

    // MARK: Finding the state dict

    @Test func takesTheNamedStateDict() throws {
        let state = try TensorArchive.open(fixture("zip.pth"), stateDict: "model.state_dict")
        expectEqual(state, try TensorArchive.open(fixture("state.safetensors")))
        #expect(state.keyPath == "model.state_dict")
        let teacher = try TensorArchive.open(fixture("two_state_dicts.pth"), stateDict: "teacher")
        #expect(teacher["weight"].map(elements) == [UInt8](repeating: 0, count: 8))
    }

    @Test func neverGuesses() {
        func read(_ name: String, _ key: String? = nil) -> TensorFileProblem? {
            problem { try TensorArchive.open(fixture(name), stateDict: key) }
        }
        #expect(read("two_state_dicts.pth") == .ambiguousStateDict(["student", "teacher"]))
        #expect(read("zip.pth") == .ambiguousStateDict(["model.state_dict", "more.dtypes", "more.layouts"]))
        #expect(read("list.pth") == .noStateDict("a list of 2"))
        #expect(read("no_state_dict.pth") == .noStateDict("{epoch: an integer, weights: a dictionary of 2}"))
        #expect(read("no_state_dict.pth", "weights") == .noStateDict("under 'weights' a dictionary of 2, in which 'step' is an integer"))
        guard case .noStateDict(let text)? = read("two_state_dicts.pth", "teachers") else { return #expect(Bool(false)) }
        #expect(text.contains("did you mean 'teacher'"))
    }

    // MARK: Refusals

    @Test func refusesEveryForeignName() {
        func read(_ name: String) -> TensorFileProblem? { problem { try TensorArchive.open(fixture(name)) } }
        #expect(read("malicious.pth") == .refusedName("posix.system"))
        #expect(read("malicious_legacy.pth") == .refusedName("posix.system"))
        #expect(read("namespace.pth") == .refusedName("argparse.Namespace"))
        #expect(!FileManager.default.fileExists(atPath: "/tmp/segdistill-must-not-exist"))
        #expect(read("complex.pth") == .unsupportedType(tensor: "?", type: "torch.ComplexFloatStorage"))
        #expect(read("float8.pth") == .unsupportedType(tensor: "?", type: "torch.float8_e4m3fn"))
        guard case .notATensorFile(let what)? = read("script.pt") else { return #expect(Bool(false)) }
        #expect(what.contains("TorchScript"))
        guard case .badArchive(let why)? = read("compressed.pth") else { return #expect(Bool(false)) }
        #expect(why.contains("compressed"))
    }

    @Test func refusesBigEndianFiles() throws {
        var bytes = try fixtureBytes("list.pth")
        let order = Array("little".utf8)
        let at = try #require((0..<bytes.count - 6).first { Array(bytes[$0..<$0 + 6]) == order })
        bytes.replaceSubrange(at..<at + 6, with: Array("bigbig".utf8))
        #expect(problem { try open(bytes) } == .bigEndian)

        var legacy = try fixtureBytes("state_legacy.pth")
        let key = Array("little_endian".utf8)
        let found = try #require((0..<legacy.count - 13).first { Array(legacy[$0..<$0 + 13]) == key })
        let flag = try #require(legacy[found...].firstIndex(of: 0x88))
        legacy[flag] = 0x89
        #expect(problem { try open(legacy) } == .bigEndian)
    }
}
