import CTorchABI

extension Tensor {
    private static let emptyOp = Operator("aten::empty.memory_format")
    private static let zerosOp = Operator("aten::zeros")
    private static let onesOp = Operator("aten::ones")
    private static let fullOp = Operator("aten::full")
    private static let arangeOp = Operator("aten::arange.start_step")
    private static let randOp = Operator("aten::rand")
    private static let randnOp = Operator("aten::randn")
    private static let randintOp = Operator("aten::randint.low")
    private static let randpermOp = Operator("aten::randperm")
    private static let eyeOp = Operator("aten::eye")
    private static let linspaceOp = Operator("aten::linspace")
    private static let zerosLikeOp = Operator("aten::zeros_like")
    private static let onesLikeOp = Operator("aten::ones_like")
    private static let emptyLikeOp = Operator("aten::empty_like")
    private static let fullLikeOp = Operator("aten::full_like")

    /// Values in row-major order.
    public convenience init<Scalar: TensorScalar>(_ values: [Scalar], shape: [Int]? = nil, device: Device = .cpu) {
        let shape = shape ?? [values.count]
        precondition(shape.reduce(1, *) == values.count, "\(values.count) values for the shape \(shape)")
        let source = values.withUnsafeBytes { Tensor.copy(of: $0, shape: shape, dtype: Scalar.dtype) }
        self.init(handle: source.to(device).retained())
    }

    /// A tensor of no dimensions.
    public convenience init(_ value: Double, dtype: DType = .float32, device: Device = .cpu) {
        self.init(handle: Tensor.full([], value, dtype: dtype, device: device).retained())
    }

    /// Uninitialised memory.
    public static func empty(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu, format: MemoryFormat = .contiguous
    ) -> Tensor {
        emptyOp(shape, dtype, Argument.none, device, Argument.none, format)
    }

    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        zerosOp(shape, dtype, Argument.none, device)
    }

    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        onesOp(shape, dtype, Argument.none, device)
    }

    public static func full(_ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        fullOp(shape, value, dtype, Argument.none, device)
    }

    /// start, start + step, … below end.
    public static func arange(_ start: Int = 0, _ end: Int, step: Int = 1, dtype: DType = .int64, device: Device = .cpu) -> Tensor {
        arangeOp(start, end, step, dtype, Argument.none, device)
    }

    public static func linspace(_ start: Double, _ end: Double, count: Int, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        linspaceOp(start, end, count, dtype, Argument.none, device)
    }

    public static func eye(_ size: Int, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        eyeOp(size, dtype, Argument.none, device)
    }

    /// Uniform in [0, 1).
    public static func rand(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        randOp(shape, dtype, Argument.none, device)
    }

    /// Standard normal.
    public static func randn(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        randnOp(shape, dtype, Argument.none, device)
    }

    /// Whole numbers in [low, high).
    public static func randint(_ low: Int = 0, _ high: Int, _ shape: [Int], device: Device = .cpu) -> Tensor {
        randintOp(low, high, shape, DType.int64, Argument.none, device)
    }

    public static func randperm(_ count: Int, device: Device = .cpu) -> Tensor {
        randpermOp(count, DType.int64, Argument.none, device)
    }

    public func zerosLike() -> Tensor { Tensor.zerosLikeOp(self) }
    public func onesLike() -> Tensor { Tensor.onesLikeOp(self) }
    public func emptyLike() -> Tensor { Tensor.emptyLikeOp(self) }
    public func fullLike(_ value: Double) -> Tensor { Tensor.fullLikeOp(self, value) }

    /// A tensor over memory that belongs to somebody else; nothing is copied.
    /// - Parameters:
    ///   - strides: in elements; nil for row-major.
    ///   - keeping: held until the tensor and all its views are gone.
    public static func over(
        _ memory: UnsafeMutableRawPointer, shape: [Int], strides: [Int]? = nil, dtype: DType, keeping owner: AnyObject
    ) -> Tensor {
        let sizes = shape.map(Int64.init)
        let steps = strides?.map(Int64.init)
        let context = Unmanaged.passRetained(owner).toOpaque()
        var handle: CTTensor?
        let status = withOptionalPointer(steps) { steps in
            api.from_blob(
                memory, sizes, steps, sizes.count, dtype.rawValue,
                { Unmanaged<AnyObject>.fromOpaque($0!).release() }, context, &handle)
        }
        return status == CT_OK ? Tensor(handle: handle) : failed(status)
    }

    /// A tensor with a copy of `bytes`.
    public static func copy(of bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType) -> Tensor {
        let tensor = empty(shape, dtype: dtype)
        precondition(bytes.count == tensor.count * dtype.size, "\(bytes.count) bytes for \(dtype)\(shape)")
        if bytes.count > 0, let handle = tensor.handle { api.data(handle)!.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count) }
        return tensor
    }
}

private func withOptionalPointer<Result>(_ array: [Int64]?, _ body: (UnsafePointer<Int64>?) -> Result) -> Result {
    guard let array else { return body(nil) }
    return array.withUnsafeBufferPointer { body($0.baseAddress) }
}
