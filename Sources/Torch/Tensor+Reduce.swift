extension Tensor {
    fileprivate enum Ops {
        static let sum = Operator("aten::sum.dim_IntList")
        static let mean = Operator("aten::mean.dim")
        static let variance = Operator("aten::var.correction")
        static let amax = Operator("aten::amax")
        static let amin = Operator("aten::amin")
        static let argmax = Operator("aten::argmax")
        static let argmin = Operator("aten::argmin")
        static let maxDim = Operator("aten::max.dim")
        static let topk = Operator("aten::topk")
        static let sort = Operator("aten::sort")
        static let all = Operator("aten::all")
        static let any = Operator("aten::any")
        static let softmax = Operator("aten::softmax.int")
        static let logSoftmax = Operator("aten::log_softmax.int")
        static let logsumexp = Operator("aten::logsumexp")
        static let unique = Operator("aten::_unique2")
        static let nonzero = Operator("aten::nonzero")
        static let equal = Operator("aten::equal")
    }

    /// Over `dimensions`, or over everything.
    public func sum(_ dimensions: [Int]? = nil, keepDimensions: Bool = false, dtype: DType? = nil) -> Tensor {
        Ops.sum(self, dimensions, keepDimensions, dtype)
    }
    public func sum(_ dimension: Int, keepDimensions: Bool = false) -> Tensor { sum([dimension], keepDimensions: keepDimensions) }
    public func mean(_ dimensions: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
        Ops.mean(self, dimensions, keepDimensions)
    }
    public func mean(_ dimension: Int, keepDimensions: Bool = false) -> Tensor { mean([dimension], keepDimensions: keepDimensions) }
    /// Divided by the number of values less `correction`.
    public func variance(_ dimensions: [Int]? = nil, correction: Int = 1, keepDimensions: Bool = false) -> Tensor {
        Ops.variance(self, dimensions, correction, keepDimensions)
    }
    public func amax(_ dimensions: [Int] = [], keepDimensions: Bool = false) -> Tensor { Ops.amax(self, dimensions, keepDimensions) }
    public func amin(_ dimensions: [Int] = [], keepDimensions: Bool = false) -> Tensor { Ops.amin(self, dimensions, keepDimensions) }
    public func argmax(_ dimension: Int? = nil, keepDimensions: Bool = false) -> Tensor { Ops.argmax(self, dimension, keepDimensions) }
    public func argmin(_ dimension: Int? = nil, keepDimensions: Bool = false) -> Tensor { Ops.argmin(self, dimension, keepDimensions) }
    public func max(_ dimension: Int, keepDimensions: Bool = false) -> (values: Tensor, indices: Tensor) {
        let results = Ops.maxDim.many(self, dimension, keepDimensions)
        return (results[0], results[1])
    }
    public func topK(_ k: Int, _ dimension: Int = -1, largest: Bool = true) -> (values: Tensor, indices: Tensor) {
        let results = Ops.topk.many(self, k, dimension, largest)
        return (results[0], results[1])
    }
    public func sort(_ dimension: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
        let results = Ops.sort.many(self, dimension, descending)
        return (results[0], results[1])
    }
    public func all() -> Tensor { Ops.all(self) }
    public func any() -> Tensor { Ops.any(self) }
    public func softmax(_ dimension: Int) -> Tensor { Ops.softmax(self, dimension) }
    public func logSoftmax(_ dimension: Int) -> Tensor { Ops.logSoftmax(self, dimension) }
    public func logSumExp(_ dimensions: [Int], keepDimensions: Bool = false) -> Tensor { Ops.logsumexp(self, dimensions, keepDimensions) }
    /// The distinct values in rising order, and how often each occurs.
    public func unique() -> (values: Tensor, counts: Tensor) {
        let results = Ops.unique.many(self, true, false, true)
        return (results[0], results[2])
    }
    /// The places of non-zero values: count × dimensions.
    public func nonzero() -> Tensor { Ops.nonzero(self) }
    /// Whether both have the same shape and the same values. Waits for the device.
    public func equals(_ other: Tensor) -> Bool { Ops.equal.bool(self, other) }
}
