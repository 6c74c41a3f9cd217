import Torch

extension Tensor {
    private static let expOp = Operator("aten::exp_")
    private static let addProductOp = Operator("aten::addcmul_")
    private static let addMatmulOp = Operator("aten::addmm_")

    /// This scalar, as a function of `input` whose gradient was computed along with it; nil: none is asked for.
    func withSlope(_ slope: Tensor?, of input: Tensor) -> Tensor {
        guard let slope else { return self }
        return withGradient(of: [input]) { _, gradient in [(slope * gradient).to(slope.dtype)] }
    }

    // MARK: In place, without recording

    @discardableResult func exp_() -> Tensor { Tensor.expOp(self) }
    /// self + scale · a · b, element by element.
    @discardableResult func addProduct_(_ a: Tensor, _ b: Tensor, scale: Double = 1) -> Tensor { Tensor.addProductOp(self, a, b, scale) }
    /// self + scale · a b, matrices.
    @discardableResult func addMatmul_(_ a: Tensor, _ b: Tensor, scale: Double = 1) -> Tensor { Tensor.addMatmulOp(self, a, b, 1.0, scale) }
}

/// Value and gradient of what is computed in full precision, part by part, outside of LibTorch's graph.
func inFullPrecision<Result>(on device: Device, _ body: () -> Result) -> Result {
    withoutGradients { withAutocast(nil, on: device, body) }
}
