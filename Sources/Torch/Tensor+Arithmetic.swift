extension Tensor {
    fileprivate enum Ops {
        static let add = Operator("aten::add.Tensor")
        static let addScalar = Operator("aten::add.Scalar")
        static let sub = Operator("aten::sub.Tensor")
        static let subScalar = Operator("aten::sub.Scalar")
        static let rsubScalar = Operator("aten::rsub.Scalar")
        static let mul = Operator("aten::mul.Tensor")
        static let mulScalar = Operator("aten::mul.Scalar")
        static let div = Operator("aten::div.Tensor")
        static let divScalar = Operator("aten::div.Scalar")
        static let reciprocal = Operator("aten::reciprocal")
        static let neg = Operator("aten::neg")
        static let eq = Operator("aten::eq.Tensor")
        static let ne = Operator("aten::ne.Tensor")
        static let lt = Operator("aten::lt.Tensor")
        static let le = Operator("aten::le.Tensor")
        static let gt = Operator("aten::gt.Tensor")
        static let ge = Operator("aten::ge.Tensor")
        static let eqScalar = Operator("aten::eq.Scalar")
        static let neScalar = Operator("aten::ne.Scalar")
        static let ltScalar = Operator("aten::lt.Scalar")
        static let leScalar = Operator("aten::le.Scalar")
        static let gtScalar = Operator("aten::gt.Scalar")
        static let geScalar = Operator("aten::ge.Scalar")
        static let and = Operator("aten::logical_and")
        static let or = Operator("aten::logical_or")
        static let not = Operator("aten::logical_not")
    }

    // MARK: Arithmetic; shapes broadcast as in PyTorch

    public static func + (a: Tensor, b: Tensor) -> Tensor { Ops.add(a, b) }
    public static func + (a: Tensor, b: Double) -> Tensor { Ops.addScalar(a, b) }
    public static func + (a: Double, b: Tensor) -> Tensor { Ops.addScalar(b, a) }
    public static func + (a: Tensor, b: Int) -> Tensor { Ops.addScalar(a, b) }
    public static func + (a: Int, b: Tensor) -> Tensor { Ops.addScalar(b, a) }
    public static func - (a: Tensor, b: Tensor) -> Tensor { Ops.sub(a, b) }
    public static func - (a: Tensor, b: Double) -> Tensor { Ops.subScalar(a, b) }
    public static func - (a: Double, b: Tensor) -> Tensor { Ops.rsubScalar(b, a) }
    public static func - (a: Tensor, b: Int) -> Tensor { Ops.subScalar(a, b) }
    public static func - (a: Int, b: Tensor) -> Tensor { Ops.rsubScalar(b, a) }
    public static func * (a: Tensor, b: Tensor) -> Tensor { Ops.mul(a, b) }
    public static func * (a: Tensor, b: Double) -> Tensor { Ops.mulScalar(a, b) }
    public static func * (a: Double, b: Tensor) -> Tensor { Ops.mulScalar(b, a) }
    public static func * (a: Tensor, b: Int) -> Tensor { Ops.mulScalar(a, b) }
    public static func * (a: Int, b: Tensor) -> Tensor { Ops.mulScalar(b, a) }
    public static func / (a: Tensor, b: Tensor) -> Tensor { Ops.div(a, b) }
    public static func / (a: Tensor, b: Double) -> Tensor { Ops.divScalar(a, b) }
    /// Whole numbers divide to float32, as in PyTorch; ``floorDivide(_:)`` stays whole.
    public static func / (a: Tensor, b: Int) -> Tensor { Ops.divScalar(a, b) }
    public static func / (a: Double, b: Tensor) -> Tensor { Ops.reciprocal(b) * a }
    public static prefix func - (a: Tensor) -> Tensor { Ops.neg(a) }

    // MARK: Comparison: tensors of truth values

    public static func .== (a: Tensor, b: Tensor) -> Tensor { Ops.eq(a, b) }
    public static func .== (a: Tensor, b: Double) -> Tensor { Ops.eqScalar(a, b) }
    public static func .== (a: Tensor, b: Int) -> Tensor { Ops.eqScalar(a, b) }
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { Ops.ne(a, b) }
    public static func .!= (a: Tensor, b: Double) -> Tensor { Ops.neScalar(a, b) }
    public static func .!= (a: Tensor, b: Int) -> Tensor { Ops.neScalar(a, b) }
    public static func .< (a: Tensor, b: Tensor) -> Tensor { Ops.lt(a, b) }
    public static func .< (a: Tensor, b: Double) -> Tensor { Ops.ltScalar(a, b) }
    public static func .< (a: Tensor, b: Int) -> Tensor { Ops.ltScalar(a, b) }
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { Ops.le(a, b) }
    public static func .<= (a: Tensor, b: Double) -> Tensor { Ops.leScalar(a, b) }
    public static func .<= (a: Tensor, b: Int) -> Tensor { Ops.leScalar(a, b) }
    public static func .> (a: Tensor, b: Tensor) -> Tensor { Ops.gt(a, b) }
    public static func .> (a: Tensor, b: Double) -> Tensor { Ops.gtScalar(a, b) }
    public static func .> (a: Tensor, b: Int) -> Tensor { Ops.gtScalar(a, b) }
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { Ops.ge(a, b) }
    public static func .>= (a: Tensor, b: Double) -> Tensor { Ops.geScalar(a, b) }
    public static func .>= (a: Tensor, b: Int) -> Tensor { Ops.geScalar(a, b) }
    public static func .& (a: Tensor, b: Tensor) -> Tensor { Ops.and(a, b) }
    public static func .| (a: Tensor, b: Tensor) -> Tensor { Ops.or(a, b) }
    public static prefix func .! (a: Tensor) -> Tensor { Ops.not(a) }
}

infix operator .== : ComparisonPrecedence
infix operator .!= : ComparisonPrecedence
infix operator .< : ComparisonPrecedence
infix operator .<= : ComparisonPrecedence
infix operator .> : ComparisonPrecedence
infix operator .>= : ComparisonPrecedence
infix operator .& : LogicalConjunctionPrecedence
infix operator .| : LogicalDisjunctionPrecedence
prefix operator .!

extension Tensor {
    private static let addInPlace = Operator("aten::add_.Tensor")
    private static let mulInPlace = Operator("aten::mul_.Tensor")
    private static let mulScalarInPlace = Operator("aten::mul_.Scalar")
    private static let subInPlace = Operator("aten::sub_.Tensor")
    private static let divInPlace = Operator("aten::div_.Tensor")
    private static let copyInPlace = Operator("aten::copy_")
    private static let zeroInPlace = Operator("aten::zero_")
    private static let fillInPlace = Operator("aten::fill_.Scalar")
    private static let normalInPlace = Operator("aten::normal_")
    private static let uniformInPlace = Operator("aten::uniform_")
    private static let lerpInPlace = Operator("aten::lerp_.Scalar")

    // MARK: In place; every view sees the change

    @discardableResult public func add_(_ other: Tensor, scale: Double = 1) -> Tensor {
        // Whole numbers refuse a scale that is not one.
        scale == 1 ? Tensor.addInPlace(self, other) : Tensor.addInPlace(self, other, scale)
    }
    @discardableResult public func sub_(_ other: Tensor) -> Tensor { Tensor.subInPlace(self, other) }
    @discardableResult public func mul_(_ other: Tensor) -> Tensor { Tensor.mulInPlace(self, other) }
    @discardableResult public func mul_(_ other: Double) -> Tensor { Tensor.mulScalarInPlace(self, other) }
    @discardableResult public func div_(_ other: Tensor) -> Tensor { Tensor.divInPlace(self, other) }
    /// Copies `source`, broadcast and converted, into this tensor's memory.
    @discardableResult public func copy_(_ source: Tensor) -> Tensor { Tensor.copyInPlace(self, source) }
    @discardableResult public func zero_() -> Tensor { Tensor.zeroInPlace(self) }
    @discardableResult public func fill_(_ value: Double) -> Tensor { Tensor.fillInPlace(self, value) }
    @discardableResult public func normal_(mean: Double = 0, std: Double = 1) -> Tensor { Tensor.normalInPlace(self, mean, std) }
    @discardableResult public func uniform_(_ low: Double = 0, _ high: Double = 1) -> Tensor { Tensor.uniformInPlace(self, low, high) }
    /// self + weight · (end − self).
    @discardableResult public func lerp_(_ end: Tensor, _ weight: Double) -> Tensor { Tensor.lerpInPlace(self, end, weight) }
}

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The error function of one number.
public func erf(_ x: Double) -> Double {
    #if canImport(Glibc)
        Glibc.erf(x)
    #else
        Darwin.erf(x)
    #endif
}

extension Tensor {
    private static let erfinvInPlace = Operator("aten::erfinv_")
    private static let clampInPlace = Operator("aten::clamp_")

    @discardableResult public func erfinv_() -> Tensor { Tensor.erfinvInPlace(self) }
    @discardableResult public func clamp_(min: Double? = nil, max: Double? = nil) -> Tensor { Tensor.clampInPlace(self, min, max) }

    /// The whole number one, for counters.
    public static let one = Tensor([1] as [Int], shape: [])
}
