extension Tensor {
    fileprivate enum Ops {
        static let reshape = Operator("aten::reshape")
        static let view = Operator("aten::view")
        static let permute = Operator("aten::permute")
        static let transpose = Operator("aten::transpose.int")
        static let flatten = Operator("aten::flatten.using_ints")
        static let squeeze = Operator("aten::squeeze.dim")
        static let unsqueeze = Operator("aten::unsqueeze")
        static let expand = Operator("aten::expand")
        static let repeatOp = Operator("aten::repeat")
        static let cat = Operator("aten::cat")
        static let stack = Operator("aten::stack")
        static let chunk = Operator("aten::chunk")
        static let split = Operator("aten::split.Tensor")
        static let splitSizes = Operator("aten::split_with_sizes")
        static let contiguous = Operator("aten::contiguous")
        static let flip = Operator("aten::flip")
        static let clone = Operator("aten::clone")
        static let to = Operator("aten::to.dtype_layout")
        static let alias = Operator("aten::alias")
        static let detach = Operator("aten::detach")
        static let pad = Operator("aten::pad")
        static let unfold = Operator("aten::im2col")
        static let setData = Operator("aten::set_data")
        static let roll = Operator("aten::roll")
    }

    public func reshape(_ shape: [Int]) -> Tensor { Ops.reshape(self, shape) }
    public func reshape(_ shape: Int...) -> Tensor { Ops.reshape(self, shape) }
    /// The same memory under another shape; fails where ``reshape(_:)-(Int...)`` would have to copy.
    public func view(_ shape: Int...) -> Tensor { Ops.view(self, shape) }
    public func permute(_ order: Int...) -> Tensor { Ops.permute(self, order) }
    public func transpose(_ a: Int, _ b: Int) -> Tensor { Ops.transpose(self, a, b) }
    /// One dimension from `start` … `end`.
    public func flatten(_ start: Int = 0, _ end: Int = -1) -> Tensor { Ops.flatten(self, start, end) }
    public func squeeze(_ dimension: Int) -> Tensor { Ops.squeeze(self, dimension) }
    public func unsqueeze(_ dimension: Int) -> Tensor { Ops.unsqueeze(self, dimension) }
    public func expand(_ shape: [Int]) -> Tensor { Ops.expand(self, shape) }
    public func repeated(_ times: [Int]) -> Tensor { Ops.repeatOp(self, times) }
    public func flip(_ dimensions: [Int]) -> Tensor { Ops.flip(self, dimensions) }
    public func roll(_ shifts: [Int], _ dimensions: [Int]) -> Tensor { Ops.roll(self, shifts, dimensions) }
    public func chunk(_ count: Int, _ dimension: Int = 0) -> [Tensor] { Ops.chunk.list(self, count, dimension) }
    public func split(_ size: Int, _ dimension: Int = 0) -> [Tensor] { Ops.split.list(self, size, dimension) }
    public func split(_ sizes: [Int], _ dimension: Int = 0) -> [Tensor] { Ops.splitSizes.list(self, sizes, dimension) }
    public static func concatenate(_ tensors: [Tensor], _ dimension: Int = 0) -> Tensor { Ops.cat(tensors, dimension) }
    public static func stack(_ tensors: [Tensor], _ dimension: Int = 0) -> Tensor { Ops.stack(tensors, dimension) }
    /// Amounts for the last dimension first: [left, right, top, bottom]. `mode`: constant, reflect, replicate, circular.
    public func pad(_ amounts: [Int], mode: String = "constant", value: Double? = nil) -> Tensor {
        Ops.pad(self, amounts, mode, value)
    }
    /// Sliding windows of B×C×H×W as columns: B × (C·kh·kw) × positions.
    public func unfold(kernel: [Int], dilation: [Int] = [1, 1], padding: [Int] = [0, 0], stride: [Int] = [1, 1]) -> Tensor {
        Ops.unfold(self, kernel, dilation, padding, stride)
    }

    // MARK: Memory, type and place

    public func contiguous(_ format: MemoryFormat = .contiguous) -> Tensor { Ops.contiguous(self, format) }
    public func clone() -> Tensor { Ops.clone(self) }
    /// The same memory without history.
    public func detach() -> Tensor { Ops.detach(self) }
    /// The same memory as another `Tensor`.
    public func alias() -> Tensor { Ops.alias(self) }

    /// Converted and moved; what is not given stays, and a tensor that fits already is not copied.
    public func to(_ dtype: DType? = nil, _ device: Device? = nil, nonBlocking: Bool = false, format: MemoryFormat? = nil) -> Tensor {
        Ops.to(self, dtype, Argument.none, device, Argument.none, nonBlocking, false, format)
    }
    public func to(_ device: Device) -> Tensor { to(nil, device) }
    /// B×K×h×w as (B·h·w)×K: a view of a channels-last map, and what LibTorch's softmaxes and cross-entropy are fastest on.
    public var pixelRows: Tensor { permute(0, 2, 3, 1).reshape(-1, size(1)) }
    /// Gives this tensor other contents, type and place, and keeps its identity: optimisers and modules hold it on.
    public func setData(_ data: Tensor) { Ops.setData.run(self, data) }
    public var float: Tensor { to(.float32) }
    /// float32, whatever autocast has made of it; float64 stays, for gradient checks.
    public var fullPrecision: Tensor { dtype == .float64 ? self : float }
    public var long: Tensor { to(.int64) }
}
