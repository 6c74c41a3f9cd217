import Torch

/// Enlarges B×C×H×W by a whole factor: `torch.nn.Upsample`.
public final class Upsample: Module, Layer {
    public enum Mode: Sendable {
        case nearest
        case bilinear(alignCorners: Bool)
    }

    public let factor: Int
    public let mode: Mode

    public init(_ factor: Int, mode: Mode = .nearest) {
        self.factor = factor
        self.mode = mode
    }

    public func callAsFunction(_ x: Tensor) -> Tensor {
        let size = [x.size(2) * factor, x.size(3) * factor]
        return switch mode {
        case .nearest: F.nearest(x, size)
        case .bilinear(let alignCorners): F.bilinear(x, size, alignCorners: alignCorners)
        }
    }
}
