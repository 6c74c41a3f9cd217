import Foundation
import SegTesting
import TensorFiles
import Testing
import Torch

@Suite struct FileTests {
    private func withFile<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url)
    }

    @Test func everyTypeAndShapeComesBack() throws {
        var tensors = DType.allCases.map { ("type.\($0)", Tensor([0, 1, 2, 3, 4, 5], shape: [2, 3]).to($0)) }
        tensors += [
            ("scalar", Tensor(2.5)), ("empty", Tensor.zeros([0, 3])), ("transposed", tensors[6].1.transpose(0, 1)),
            ("channels last", formula("x", [2, 3, 4, 5]).contiguous(.channelsLast)), ("expanded", Tensor.ones([2, 1]).expand([2, 3])),
            ("extremes", Tensor([.infinity, -.infinity, .nan, -0.0, .leastNonzeroMagnitude] as [Float])),
        ]
        let trained = Tensor.ones([2])
        trained.requiresGrad = true
        tensors.append(("trained", trained))
        try withFile { url in
            try Tensor.save(tensors, metadata: ["step": "7"], to: url)
            let loaded = try Tensor.load(url)
            #expect(loaded.count == tensors.count)
            for (name, tensor) in tensors {
                let back = try #require(loaded[name])
                #expect(back.dtype == tensor.dtype && back.shape == tensor.shape, "\(name)")
                #expect(back.withUnsafeBytes { Array($0) } == tensor.withUnsafeBytes { Array($0) }, "\(name)")
                #expect(!back.requiresGrad)
            }
            #expect(try TensorArchive.open(url).metadata == ["step": "7"])
        }
    }

    @Test func aLoadedTensorOutlivesItsFileAndDoesNotChangeIt() throws {
        try withFile { url in
            try Tensor.save([("x", Tensor([1, 2, 3]))], to: url)
            let x = try Tensor.load(url)["x"]!
            x.fill_(9)
            #expect(try Tensor.load(url)["x"]!.array(of: Int.self) == [1, 2, 3])
            try FileManager.default.removeItem(at: url)
            #expect(x.array(of: Int.self) == [9, 9, 9])
        }
    }

    /// What PyTorch saved with `torch.save`, in both formats, against the same tensors as safetensors.
    @Test(arguments: ["state_protocol2.pth", "state_protocol5.pth", "state_legacy.pth"])
    func pyTorchFiles(_ name: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("TensorFilesTests/Fixtures")
        let loaded = try Tensor.load(folder.appendingPathComponent(name))
        let expected = try Tensor.load(folder.appendingPathComponent("state.safetensors"))
        #expect(!expected.isEmpty && Set(loaded.keys) == Set(expected.keys))
        for (key, tensor) in expected {
            #expect(loaded[key]!.dtype == tensor.dtype && loaded[key]!.equals(tensor), "\(key)")
        }
    }

    @Test func aFileThatIsNotThere() {
        #expect(throws: TensorFileError.self) { try Tensor.load(URL(fileURLWithPath: "/nowhere/x.safetensors")) }
    }
}
