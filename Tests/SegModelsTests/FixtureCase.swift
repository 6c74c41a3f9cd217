import SegModels
import SegTesting
import Support
import Torch
import TorchNN

/// One case of a fixture: statistics and samples of each tensor, as `scripts/reference/models.py` writes them.
struct FixtureCase {
    let name: String
    private let fixture: Fixture

    init(_ name: String, of file: String = "models") throws {
        self.name = name
        fixture = try Fixture(file, in: .module)
    }

    /// 2 · formula("image") of the case's shape.
    func image(_ dtype: DType = .float32) throws -> Tensor {
        struct Settings: Decodable { let input: [Int] }
        return (formula("image", try settings(as: Settings.self).input, dtype: .float64) * 2.0).to(dtype)
    }

    /// What the fixture's metadata says of the case.
    func settings<Settings: Decodable>(as type: Settings.Type) throws -> Settings {
        let cases = try fixture.settings("cases", as: [String: Settings].self)
        guard let settings = cases[name] else { throw UserError("no case \(name)") }
        return settings
    }

    /// Compares a tensor with the statistics under `key`.
    func check(_ tensor: Tensor, _ key: String, relative: Double = 1e-5) throws {
        let path = "\(name).\(key)"
        let shape = try fixture["\(path).shape"].array(of: Int.self)
        guard tensor.shape == shape else { throw UserError("\(path): expected the shape \(shape), found \(tensor.shape)") }
        let flat = tensor.detach().contiguous().reshape([-1])
        let samples = try fixture["\(path).samples"]
        let places = Tensor((0..<samples.count).map { $0 * tensor.count / samples.count })
        try assertClose(flat.indexSelect(0, places), samples, relative: relative, "\(path).samples")
        let double = flat.to(.float64)
        let moments = Tensor.stack([double.mean(), double.variance(correction: 0).sqrt(), double.abs().mean()])
        try assertClose(moments, fixture["\(path).moments"], relative: relative, "\(path).moments")
    }

    func check(_ taps: Taps) throws {
        for name in taps.requested.sorted() {
            guard let tensor = taps[name] else { throw UserError("\(self.name): no tap \(name)") }
            try check(tensor, name)
        }
    }
}
