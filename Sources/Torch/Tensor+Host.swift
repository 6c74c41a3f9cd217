import CTorchABI

extension Tensor {
    private static let itemOp = Operator("aten::item")

    /// The values on the host in row-major order, converted to `Scalar`. Waits for the device.
    public func array<Scalar: TensorScalar>(of type: Scalar.Type) -> [Scalar] {
        let host = detach().to(Scalar.dtype, .cpu).contiguous()
        guard let handle = host.handle else { return .init(repeating: unsafeZero(), count: count) }
        let elements = host.count
        return withExtendedLifetime(host) {
            [Scalar](unsafeUninitializedCapacity: elements) { buffer, initialized in
                if elements > 0 {
                    UnsafeMutableRawBufferPointer(buffer).copyMemory(
                        from: UnsafeRawBufferPointer(start: api.data(handle), count: elements * MemoryLayout<Scalar>.size))
                }
                initialized = elements
            }
        }
    }

    /// The one value of a tensor with one element. Waits for the device.
    public func item() -> Double {
        precondition(count == 1, "item() of a tensor of shape \(shape)")
        return array(of: Double.self)[0]
    }

    /// The tensor's bytes in row-major order. Waits for the device.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let host = detach().to(.cpu).contiguous()
        defer { withExtendedLifetime(host) {} }
        guard let handle = host.handle, host.count > 0 else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        return try body(UnsafeRawBufferPointer(start: api.data(handle), count: host.count * host.dtype.size))
    }

    /// The bytes of a contiguous tensor on the host, valid as long as the tensor lives.
    var hostBytes: UnsafeRawBufferPointer {
        precondition(device == .cpu && isContiguous(), "only a contiguous tensor on the host has bytes in order")
        guard let handle, count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: api.data(handle), count: count * dtype.size)
    }

    private func unsafeZero<Scalar: TensorScalar>() -> Scalar {
        withUnsafeTemporaryAllocation(of: Scalar.self, capacity: 1) { buffer in
            UnsafeMutableRawBufferPointer(buffer).initializeMemory(as: UInt8.self, repeating: 0)
            return buffer[0]
        }
    }
}
