import CTorchABI

/// An n-dimensional array on a device, with a gradient where asked for: PyTorch's tensor.
///
/// A `Tensor` is a reference, like PyTorch's: views share storage and in-place operators (`add_`, `copy_`,
/// `x[0] = y`) change what all of them see. Reading from several threads is safe, writing is not.
public final class Tensor: @unchecked Sendable {
    /// LibTorch's counted reference; nil after a failure inside ``withTorchErrors(_:)``.
    @usableFromInline let handle: CTTensor?

    @usableFromInline
    init(handle: CTTensor?) { self.handle = handle }

    deinit { api.release(handle) }

    /// The handle with one more reference, for another owner.
    func retained() -> CTTensor? { handle.flatMap { api.retain($0) } }

    @usableFromInline
    static func failed(_ status: CTStatus) -> Tensor {
        torchFail(status)
        return Tensor(handle: nil)
    }

    /// Whether there is a tensor at all: gradients that were never computed and optional results have none.
    public var isDefined: Bool { handle != nil }

    // MARK: Shape

    public var dimensions: Int { handle.map { api.dimensions($0) } ?? Self.failedShape.count }

    /// Sizes, outermost first. After a failure inside ``withTorchErrors(_:)``: eight ones, so that code which
    /// reads a size can run on to the scope's end.
    public var shape: [Int] {
        guard let handle else { return Self.failedShape }
        return .init(UnsafeBufferPointer(start: api.sizes(handle), count: api.dimensions(handle)).lazy.map(Int.init))
    }

    /// Elements, not bytes, from one entry to the next, for each dimension.
    public var strides: [Int] {
        guard let handle else { return Self.failedShape }
        return .init(UnsafeBufferPointer(start: api.strides(handle), count: api.dimensions(handle)).lazy.map(Int.init))
    }

    /// The size of one dimension; negative numbers count from the last.
    public func size(_ dimension: Int) -> Int {
        guard let handle else { return 1 }
        let count = api.dimensions(handle)
        let index = dimension < 0 ? dimension + count : dimension
        precondition(index >= 0 && index < count, "dimension \(dimension) of a tensor of shape \(shape)")
        return Int(api.sizes(handle)![index])
    }

    /// The number of elements.
    public var count: Int { handle.map { Int(api.count($0)) } ?? 1 }

    private static let failedShape = [Int](repeating: 1, count: 8)

    // MARK: Type and place

    public var dtype: DType {
        guard let handle else { return .float32 }
        guard let known = DType(rawValue: api.dtype(handle)) else { fatalError("a tensor of LibTorch's type \(api.dtype(handle))") }
        return known
    }

    public var device: Device {
        guard let handle else { return .cpu }
        guard let kind = Device.Kind(rawValue: api.device_type(handle)) else {
            fatalError("a tensor on LibTorch's device \(api.device_type(handle))")
        }
        return Device(kind: kind, index: Int(api.device_index(handle)))
    }

    public func isContiguous(_ format: MemoryFormat = .contiguous) -> Bool {
        handle.map { api.is_contiguous($0, format.rawValue) } ?? false
    }

    /// Whether both have the same shape and lay their elements out in the same order.
    public func hasSameLayout(as other: Tensor) -> Bool {
        guard let handle, let otherHandle = other.handle else { return false }
        let count = api.dimensions(handle)
        guard count == api.dimensions(otherHandle) else { return false }
        let (sizes, otherSizes) = (api.sizes(handle)!, api.sizes(otherHandle)!)
        let (strides, otherStrides) = (api.strides(handle)!, api.strides(otherHandle)!)
        // A dimension of one entry is never stepped over, so its stride means nothing.
        return (0..<count).allSatisfy {
            sizes[$0] == otherSizes[$0] && (sizes[$0] == 1 || strides[$0] == otherStrides[$0])
        }
    }

    /// Whether both look into the same memory.
    public func sharesStorage(with other: Tensor) -> Bool {
        guard let handle, let otherHandle = other.handle else { return false }
        return api.storage(handle) == api.storage(otherHandle)
    }
}

/// The order of a tensor's elements in memory; raw values are LibTorch's.
public enum MemoryFormat: Int32, Sendable {
    case contiguous = 0
    case preserve = 1
    /// B×C×H×W with the channels of a pixel side by side: what convolutions like best on most devices.
    case channelsLast = 2
}

extension Tensor: CustomStringConvertible {
    /// Type, shape and device; the values too when there are at most 32.
    public var description: String {
        guard isDefined else { return "Tensor(undefined)" }
        let head = "Tensor(\(dtype)\(shape)\(device == .cpu ? "" : " on \(device)")"
        guard count <= 32, dtype.isFloatingPoint || dtype == .int64 else { return head + ")" }
        let values = dtype == .int64 ? "\(array(of: Int.self))" : "\(array(of: Float.self))"
        return head + " \(values))"
    }
}
