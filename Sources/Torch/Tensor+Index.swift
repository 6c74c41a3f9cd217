/// One step of an index expression, as in `x[0, 2..<5, .all, .new]`.
public protocol TensorIndex {
    /// The tensor with this index applied at `dimension`, and the dimension that the next index applies to.
    func apply(to tensor: Tensor, at dimension: Int) -> (Tensor, next: Int)
}

extension Int: TensorIndex {
    public func apply(to tensor: Tensor, at dimension: Int) -> (Tensor, next: Int) {
        (Tensor.selectOp(tensor, dimension, self), dimension)
    }
}

extension Range<Int>: TensorIndex {
    public func apply(to tensor: Tensor, at dimension: Int) -> (Tensor, next: Int) {
        (tensor.slice(dimension, lowerBound, upperBound), dimension + 1)
    }
}

extension PartialRangeFrom<Int>: TensorIndex {
    public func apply(to tensor: Tensor, at dimension: Int) -> (Tensor, next: Int) {
        (tensor.slice(dimension, lowerBound, nil), dimension + 1)
    }
}

extension PartialRangeUpTo<Int>: TensorIndex {
    public func apply(to tensor: Tensor, at dimension: Int) -> (Tensor, next: Int) {
        (tensor.slice(dimension, nil, upperBound), dimension + 1)
    }
}

/// Index steps that no Swift value stands for.
public enum Span: TensorIndex {
    case whole
    case newAxis
    /// From start to end in steps.
    case steps(from: Int?, to: Int?, by: Int)

    public func apply(to tensor: Tensor, at dimension: Int) -> (Tensor, next: Int) {
        switch self {
        case .whole: (tensor, dimension + 1)
        case .newAxis: (tensor.unsqueeze(dimension), dimension + 1)
        case .steps(let start, let end, let step): (tensor.slice(dimension, start, end, step: step), dimension + 1)
        }
    }
}

extension TensorIndex where Self == Span {
    /// The whole dimension, as `:` in Python.
    public static var all: Span { .whole }
    /// A new dimension of size one, as `None` in Python.
    public static var new: Span { .newAxis }
    /// Every `step`th entry from `start` up to `end`, as `start:end:step` in Python; negative places count from the end.
    public static func stride(from start: Int? = nil, to end: Int? = nil, by step: Int = 1) -> Span {
        .steps(from: start, to: end, by: step)
    }
}

extension Tensor {
    fileprivate static let selectOp = Operator("aten::select.int")
    private static let sliceOp = Operator("aten::slice.Tensor")
    private static let indexOp = Operator("aten::index.Tensor")
    private static let indexPutOp = Operator("aten::index_put_")
    private static let indexSelectOp = Operator("aten::index_select")
    private static let gatherOp = Operator("aten::gather")
    private static let scatterOp = Operator("aten::scatter.src")
    private static let scatterAddOp = Operator("aten::scatter_add")
    private static let maskedSelectOp = Operator("aten::masked_select")

    /// A view: whole numbers take one entry, ranges a part; dimensions that are not named stay whole.
    /// Assigning copies into that part.
    public subscript(_ indices: any TensorIndex...) -> Tensor {
        get {
            var view = self
            var dimension = 0
            for index in indices { (view, dimension) = index.apply(to: view, at: dimension) }
            return view
        }
        set {
            var view = self
            var dimension = 0
            for index in indices { (view, dimension) = index.apply(to: view, at: dimension) }
            view.copy_(newValue)
        }
    }

    /// The entries at `positions` (whole numbers or truth values) of the first dimension; a copy.
    public subscript(_ positions: Tensor) -> Tensor {
        get { Tensor.indexOp(self, Argument.optionalTensors([positions])) }
        set { Tensor.indexPutOp.run(self, Argument.optionalTensors([positions]), newValue) }
    }

    public func slice(_ dimension: Int, _ start: Int?, _ end: Int?, step: Int = 1) -> Tensor {
        Tensor.sliceOp(self, dimension, start, end, step)
    }
    public func indexSelect(_ dimension: Int, _ positions: Tensor) -> Tensor { Tensor.indexSelectOp(self, dimension, positions) }
    public func gather(_ dimension: Int, _ positions: Tensor) -> Tensor { Tensor.gatherOp(self, dimension, positions) }
    public func scatter(_ dimension: Int, _ positions: Tensor, _ source: Tensor) -> Tensor {
        Tensor.scatterOp(self, dimension, positions, source)
    }
    public func scatterAdd(_ dimension: Int, _ positions: Tensor, _ source: Tensor) -> Tensor {
        Tensor.scatterAddOp(self, dimension, positions, source)
    }
    public func maskedSelect(_ mask: Tensor) -> Tensor { Tensor.maskedSelectOp(self, mask) }
}
