import SegModels
import SegTesting
import Support
import Torch
import TorchNN

/// One case of `models.safetensors`: statistics and samples of each tensor, as `scripts/reference/models.py` writes them.
struct FixtureCase {
    let name: String
    private let fixture: Fixture

    init(_ name: String) throws {
        self.name = name
        fixture = try Fixture("models", in: .module)
    }

    /// 2 · formula("image") of the case's shape.
    func image() throws -> Tensor {
        struct Settings: Decodable { let input: [Int] }
        let cases = try fixture.settings("cases", as: [String: Settings].self)
        guard let settings = cases[name] else { throw UserError("no case \(name)") }
        return (formula("image", settings.input, dtype: .float64) * 2.0).float
    }

    /// Compares a tensor with the statistics under `key`.
    func check(_ tensor: Tensor, _ key: String, relative: Double = 1e-5) throws {
        let path = "\(name).\(key)"
        let shape = try fixture["\(path).shape"].array(of: Int.self)
        guard tensor.shape == shape else { throw UserError("\(path): expected the shape \(shape), found \(tensor.shape)") }
        let flat = tensor.detach().contiguous().reshape([-1])
        let places = Tensor((0..<64).map { $0 * tensor.count / 64 })
        try assertClose(flat.indexSelect(0, places), fixture["\(path).samples"], relative: relative, "\(path).samples")
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
