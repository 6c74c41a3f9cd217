import Torch
import TorchNN

/// Numbers in [−1, 1) that depend on `name` and the row-major index alone, as `formula` of `scripts/reference/fixture.py`.
public func formula(_ name: String, _ shape: [Int], dtype: DType = .float32) -> Tensor {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    var state = (gamma ^ hash) &+ gamma
    let values = (0..<shape.reduce(1, *)).map { _ -> Double in
        state &+= gamma
        return 2 * Double(mixed(state) >> 11) * 0x1p-53 - 1
    }
    return Tensor(values, shape: shape).to(dtype)
}

// SplitMix64 (Steele, Lea, Flood 2014), written out: fixtures must not change when `SeededRandom` does.
private let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15

private func mixed(_ state: UInt64) -> UInt64 {
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}

extension Module {
    /// Gives every parameter and floating-point buffer a value that depends on its name alone and keeps activations near 1 through
    /// a deep network, as `fill` of `scripts/reference/models.py`: so two implementations agree without a file of weights.
    public func fillByFormula(renaming: (String) -> String = { $0 }) {
        withoutGradients {
            for (name, tensor) in stateDict() where tensor.dtype.isFloatingPoint {
                tensor.copy_(formulaWeight(renaming(name), tensor.shape))
            }
        }
    }
}

/// The formula number of a tensor made into a weight that keeps activations near 1, as `weight_for` of `scripts/reference/fixture.py`.
public func formulaWeight(_ name: String, _ shape: [Int]) -> Tensor {
    let number = formula(name, shape, dtype: .float64)
    switch name.split(separator: ".").last {
    case "running_mean", "bias": return number * 0.1
    case "running_var": return number * 0.5 + 1.0
    default:
        if shape.count < 2 { return number * 0.25 + 0.75 }
        return number * (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
    }
}
