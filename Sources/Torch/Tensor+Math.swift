extension Tensor {
    fileprivate enum Ops {
        static let exp = Operator("aten::exp")
        static let log = Operator("aten::log")
        static let log2 = Operator("aten::log2")
        static let sqrt = Operator("aten::sqrt")
        static let rsqrt = Operator("aten::rsqrt")
        static let abs = Operator("aten::abs")
        static let sin = Operator("aten::sin")
        static let cos = Operator("aten::cos")
        static let tanh = Operator("aten::tanh")
        static let sigmoid = Operator("aten::sigmoid")
        static let pow = Operator("aten::pow.Tensor_Scalar")
        static let square = Operator("aten::square")
        static let clamp = Operator("aten::clamp")
        static let minimum = Operator("aten::minimum")
        static let maximum = Operator("aten::maximum")
        static let `where` = Operator("aten::where.self")
        static let whereScalar = Operator("aten::where.ScalarOther")
        static let maskedFill = Operator("aten::masked_fill.Scalar")
        static let round = Operator("aten::round")
        static let floor = Operator("aten::floor")
        static let isfinite = Operator("aten::isfinite")
        static let remainder = Operator("aten::remainder.Scalar")
        static let floorDivide = Operator("aten::floor_divide.Scalar")
        static let matmul = Operator("aten::matmul")
        static let bmm = Operator("aten::bmm")
        static let baddbmm = Operator("aten::baddbmm")
        static let einsum = Operator("aten::einsum")
        static let normalize = Operator("aten::linalg_vector_norm")
        static let cosine = Operator("aten::cosine_similarity")
        static let oneHot = Operator("aten::one_hot")
        static let bincount = Operator("aten::bincount")
        static let cumsum = Operator("aten::cumsum")
    }

    public func exp() -> Tensor { Ops.exp(self) }
    public func log() -> Tensor { Ops.log(self) }
    public func log2() -> Tensor { Ops.log2(self) }
    public func sqrt() -> Tensor { Ops.sqrt(self) }
    public func rsqrt() -> Tensor { Ops.rsqrt(self) }
    public func abs() -> Tensor { Ops.abs(self) }
    public func sin() -> Tensor { Ops.sin(self) }
    public func cos() -> Tensor { Ops.cos(self) }
    public func tanh() -> Tensor { Ops.tanh(self) }
    public func sigmoid() -> Tensor { Ops.sigmoid(self) }
    public func square() -> Tensor { Ops.square(self) }
    public func pow(_ exponent: Double) -> Tensor { Ops.pow(self, exponent) }
    public func round() -> Tensor { Ops.round(self) }
    public func floor() -> Tensor { Ops.floor(self) }
    public func remainder(_ divisor: Int) -> Tensor { Ops.remainder(self, divisor) }
    public func floorDivide(_ divisor: Int) -> Tensor { Ops.floorDivide(self, divisor) }
    /// True where the value is neither infinite nor NaN.
    public func isFinite() -> Tensor { Ops.isfinite(self) }
    public func clamp(min: Double? = nil, max: Double? = nil) -> Tensor { Ops.clamp(self, min, max) }
    public func minimum(_ other: Tensor) -> Tensor { Ops.minimum(self, other) }
    public func maximum(_ other: Tensor) -> Tensor { Ops.maximum(self, other) }
    /// `yes` where `condition` holds, else `no`.
    public static func `where`(_ condition: Tensor, _ yes: Tensor, _ no: Tensor) -> Tensor { Ops.where(condition, yes, no) }
    public static func `where`(_ condition: Tensor, _ yes: Tensor, _ no: Double) -> Tensor { Ops.whereScalar(condition, yes, no) }
    public func maskedFill(_ mask: Tensor, _ value: Double) -> Tensor { Ops.maskedFill(self, mask, value) }

    /// Matrix product over the last two dimensions; the others broadcast.
    public func matmul(_ other: Tensor) -> Tensor {
        OperationCount.add { count * other.size(-1) }
        return Ops.matmul(self, other)
    }
    public static func einsum(_ equation: String, _ operands: Tensor...) -> Tensor { Ops.einsum(equation, operands) }
    public func cumsum(_ dimension: Int) -> Tensor { Ops.cumsum(self, dimension) }
    /// Cosine of the angle between the vectors along `dimension`.
    public func cosineSimilarity(_ other: Tensor, dimension: Int = 1, eps: Double = 1e-8) -> Tensor {
        Ops.cosine(self, other, dimension, eps)
    }
    /// Whole numbers to 0/1 vectors: a new last dimension of `classes`.
    public func oneHot(_ classes: Int) -> Tensor { Ops.oneHot(self, classes) }
    /// How often each of 0 … minLength − 1 occurs; the tensor must be one-dimensional and hold whole numbers.
    public func bincount(minLength: Int) -> Tensor { Ops.bincount(self, Argument.none, minLength) }
    /// Divided by the Lᵖ norm along `dimension`, which is at least `eps`.
    public func normalized(_ dimension: Int = 1, p: Double = 2, eps: Double = 1e-12) -> Tensor {
        self / norm([dimension], p: p, keepDimensions: true).clamp(min: eps)
    }
    public func norm(_ dimensions: [Int]? = nil, p: Double = 2, keepDimensions: Bool = false) -> Tensor {
        Ops.normalize(self, p, dimensions, keepDimensions)
    }
}
