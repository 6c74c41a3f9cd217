import Foundation
import TensorFiles
import Testing

/// Pickles that no program wrote: each must end in an error, soon and without much memory.
@Suite struct HostilePickleTests {
    /// A legacy checkpoint with `pickle` as its object, `keys` as the list of storages, and `data` behind them.
    private func checkpoint(_ pickle: [UInt8], keys: [UInt8] = [0x5D], data: [UInt8] = []) -> [UInt8] {
        let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
        let version: [UInt8] = [0x80, 2, 0x4D, 0xE9, 0x03, 0x2E]
        let system: [UInt8] = [0x80, 2, 0x7D, 0x2E]
        return magic + version + system + [0x80, 2] + pickle + [0x2E] + [0x80, 2] + keys + [0x2E] + data
    }

    private func refused(_ pickle: [UInt8], keys: [UInt8] = [0x5D], data: [UInt8] = [], sourceLocation: SourceLocation = #_sourceLocation)
        -> String
    {
        switch problem({ try open(checkpoint(pickle, keys: keys, data: data)) }, sourceLocation: sourceLocation) {
        case .badPickle(let reason, _)?: reason
        case let other?: "\(other)"
        case nil: "accepted"
        }
    }

    private func text(_ string: String) -> [UInt8] { [0x8C, UInt8(string.utf8.count)] + Array(string.utf8) }
    private func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    private func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + withUnsafeBytes(of: value.littleEndian, Array.init) }

    /// `{"w": tensor}` with one float storage "0" that claims `count` elements and really has `stored`.
    private func tensorFile(count: Int = 4, stored: Int = 4, offset: Int = 0, shape: [Int] = [4], strides: [Int] = [1]) -> (
        pickle: [UInt8], data: [UInt8]
    ) {
        let storage =
            [0x28] + text("storage") + global("torch", "FloatStorage") + text("0") + text("cpu") + integer(count) + [0x4E, 0x74, 0x51]
        func tuple(_ numbers: [Int]) -> [UInt8] { [0x28] + numbers.flatMap(integer) + [0x74] }
        let call =
            global("torch._utils", "_rebuild_tensor_v2") + [0x28] + storage + integer(offset) + tuple(shape) + tuple(strides) + [
                0x89, 0x4E, 0x74, 0x52,
            ]
        let data = withUnsafeBytes(of: Int64(count).littleEndian, Array.init) + [UInt8](repeating: 1, count: stored * 4)
        return ([0x7D] + text("w") + call + [0x73], data)
    }

    private func readTensor(count: Int = 4, stored: Int = 4, offset: Int = 0, shape: [Int] = [4], strides: [Int] = [1]) throws
        -> TensorArchive
    {
        let (pickle, data) = tensorFile(count: count, stored: stored, offset: offset, shape: shape, strides: strides)
        return try open(checkpoint(pickle, keys: [0x5D] + text("0") + [0x61], data: data))
    }

    @Test func theHandMadeCheckpointIsRead() throws {
        #expect(try readTensor()["w"]?.byteCount == 16)
        #expect(try readTensor(offset: 1, shape: [2], strides: [2])["w"]?.byteCount == 12)
        #expect(try readTensor(offset: 99, shape: [0])["w"]?.byteCount == 0)
    }

    @Test func refusesTensorsBeyondTheirStorage() {
        let bad: [(offset: Int, shape: [Int], strides: [Int])] = [
            (1, [4], [1]), (0, [5], [1]), (0, [2], [4]), (-1, [2], [1]), (0, [-1], [1]), (0, [2], [-1]), (.max, [1], [1]),
            (0, [.max], [.max]),
            (0, [.max, 4], [0, 1]), (.max / 4 + 1, [1], [1]), (0, [2, 2, 2], [.max, 1, .max]),
        ]
        for (offset, shape, strides) in bad {
            guard case .badLayout? = problem({ try readTensor(offset: offset, shape: shape, strides: strides) }) else {
                #expect(Bool(false), "\(offset) \(shape) \(strides)")
                continue
            }
        }
        for (count, stored) in [(5, 4), (Int.max, 4), (Int.max / 2, 4), (-1, 4)] {
            guard case .badPickle? = problem({ try readTensor(count: count, stored: stored, shape: [1]) }) else {
                #expect(Bool(false), "\(count)")
                continue
            }
        }
    }

    @Test func refusesHugeLengths() {
        #expect(refused([0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x61]) == "it is cut short")
        #expect(refused([0x8D] + [UInt8](repeating: 0xFF, count: 8)) == "it is cut short")
        #expect(refused([0x8E] + [UInt8](repeating: 0x7F, count: 8)) == "it is cut short")
        #expect(refused([0x8B, 0xFF, 0xFF, 0xFF, 0xFF]) == "it is cut short")
        #expect(refused([0x54, 0xFF, 0xFF, 0xFF, 0x80]) == "it is cut short")
    }

    @Test func aMemoIndexCostsNothing() {
        #expect(refused([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF]) == "expected a dictionary of tensors, found None")
        #expect(refused([0x6A, 0xFF, 0xFF, 0xFF, 0xFF]).contains("never stored"))
    }

    @Test func refusesDeepNestingAndKnots() {
        // A million tuples around each other; a million lists from the outside in; a list that holds itself.
        #expect(refused([0x29] + [UInt8](repeating: 0x85, count: 1_000_000)).contains("nest more than"))
        let inward = (0..<1000).flatMap { _ -> [UInt8] in [0x68, 0, 0x5D, 0x71, 0, 0x61, 0x30] }
        #expect(refused([0x5D, 0x71, 0, 0x71, 1] + [0x30] + inward + [0x68, 1]).contains("nest more than"))
        #expect(refused([0x5D, 0x71, 0, 0x68, 0, 0x61]).contains("contains itself"))
        #expect(refused([0x7D, 0x71, 0, 0x4B, 1, 0x68, 0, 0x73]).contains("contains itself"))
    }

    @Test func refusesABillionLaughs() {
        // Each list holds the one before it ten times: 10^40 values in 40 short lines.
        var pickle: [UInt8] = [0x5D, 0x71, 0, 0x30]
        for level in UInt8(1)...40 {
            pickle += [0x5D, 0x71, level, 0x28] + [UInt8](repeating: 0, count: 0)
            for _ in 0..<10 { pickle += [0x68, level - 1] }
            pickle += [0x65, 0x30]
        }
        #expect(refused(pickle + [0x68, 40]).contains("too many values"))
    }

    @Test func refusesRepeatedCopies() {
        // A text of 100 kB turned into bytes again and again; a list of 100 000 made into set after set; a long
        // key in a hundred thousand dictionaries.
        let long = [0x58] + withUnsafeBytes(of: UInt32(100_000).littleEndian, Array.init) + [UInt8](repeating: 0x61, count: 100_000)
        let encode = global("_codecs", "encode") + [0x71, 1, 0x30] + text("latin1") + [0x71, 2, 0x30]
        let encodeOnce: [UInt8] = [0x68, 1, 0x68, 0, 0x68, 2, 0x86, 0x52]
        func repeated(_ part: [UInt8], _ count: Int) -> [UInt8] {
            [0x28] + [[UInt8]](repeating: part, count: count).flatMap { $0 } + [0x74]
        }
        #expect(refused(long + [0x71, 0, 0x30] + encode + repeated(encodeOnce, 100)) == "it copies too much")

        let list: [UInt8] = [0x5D, 0x71, 0, 0x28] + [UInt8](repeating: 0x4E, count: 100_000) + [0x65, 0x30]
        let set = global("builtins", "set") + [0x71, 1, 0x30]
        let setOnce: [UInt8] = [0x68, 1, 0x68, 0, 0x85, 0x52, 0x28, 0x4E, 0x90]
        #expect(refused(list + set + repeated(setOnce, 100)) == "it copies too much")

        let dictionary: [UInt8] = [0x7D, 0x68, 0, 0x4E, 0x73]
        let many = repeated(dictionary, 100_000)
        #expect(refused(long + [0x71, 0, 0x30] + many).contains("too many values"))
    }

    @Test(
        arguments: [
            [0x30], [0x61], [0x73], [0x75], [0x65], [0x74], [0x31], [0x52], [0x62], [0x51], [0x86], [0x93], [0x71, 0], [0x94], [0x32],
            [0x90],
            [0x28, 0x4E], [0x4E, 0x4E], [0x4E, 0x4E, 0x61], [0x7D, 0x28, 0x4E, 0x75], [0x4E, 0x29, 0x52], [0x4E, 0x51], [0x4E, 0x4E, 0x62],
            [0x80, 9], [0x49], [0x6F], [0x69], [0x82, 1], [0x92], [0x97], [0xFF], [0x58, 1, 0, 0, 0, 0xFF], [0x28, 0x28, 0x74, 0x30],
        ] as [[UInt8]])
    func refusesOpcodesOutOfPlace(pickle: [UInt8]) {
        #expect(refused(pickle) != "accepted")
    }

    @Test(arguments: [
        "os.system", "builtins.eval", "torch.load", "torch._utils._rebuild_sparse_tensor", "numpy.core.multiarray.scalar",
        "torch.FloatStorage.x",
    ])
    func refusesNamesAtOnce(name: String) {
        let dot = name.lastIndex(of: ".")!
        let (module, last) = (String(name[..<dot]), String(name[name.index(after: dot)...]))
        let expected = "\(TensorFileProblem.refusedName(name))"
        #expect(refused(global(module, last)) == expected)
        #expect(refused(text(module) + text(last) + [0x93]) == expected)
    }

    @Test func refusesOddConstructions() {
        #expect(refused(global("collections", "OrderedDict") + [0x4B, 1, 0x85, 0x52]).contains("expected a list"))
        #expect(refused(global("torch", "FloatStorage") + [0x29, 0x52]).contains("only refer to"))
        #expect(refused(global("torch._utils", "_rebuild_tensor_v2") + [0x29, 0x52]).contains("unknown form"))
        #expect(refused(global("torch._utils", "_rebuild_parameter") + [0x29, 0x52]).contains("without its tensor"))
        #expect(refused(global("torch", "Tensor")).contains("bare type"))
        let twice: [UInt8] = [0x7D, 0x28] + text("a") + [0x4E] + text("a") + [0x4E, 0x75]
        #expect(refused(twice) == "\(TensorFileProblem.duplicateName("a"))")
    }
}
