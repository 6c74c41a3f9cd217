/// Where a stored tensor lies: its name, type and layout, and its bytes in a mapped file.
public struct TensorEntry: Sendable {
    /// The tensor's name, such as `encoder.level1.conv.weight`.
    public let name: String
    public let dtype: StoredType
    public let shape: [Int]
    /// Elements to step over, for each dimension; 0 where a dimension was expanded.
    public let strides: [Int]
    /// Where in ``file`` the first element begins.
    public let byteOffset: Int
    /// Bytes from the first element to the end of the last; `elementCount × byteSize` for a contiguous tensor.
    public let byteCount: Int
    /// The file that the bytes lie in; hold it as long as ``bytes`` is used.
    public let file: MappedFile

    public var elementCount: Int { shape.reduce(1, *) }

    /// The tensor's part of the file, valid as long as ``file`` lives.
    public var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: file.bytes[byteOffset..<byteOffset + byteCount])
    }

    /// Whether the first element's address is a multiple of the element's size. Old safetensors files
    /// need not be aligned; such a tensor must be copied before it is used.
    public var isAligned: Bool { byteOffset % dtype.byteSize == 0 }

    /// Whether the elements lie in row-major order without gaps.
    public var isContiguous: Bool {
        if elementCount == 0 { return true }
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
            if stride != expected { return false }
            expected *= extent
        }
        return true
    }

    /// The same tensor under another name.
    public func renamed(_ name: String) -> TensorEntry {
        TensorEntry(name: name, dtype: dtype, shape: shape, strides: strides, byteOffset: byteOffset, byteCount: byteCount, file: file)
    }
}

/// The arithmetic of shapes and strides read from a file, every step checked for overflow.
enum Layout {
    /// The number of elements, or nil when it overflows or an extent is negative.
    static func elementCount(_ shape: [Int]) -> Int? {
        shape.allSatisfy { $0 >= 0 } ? product(shape) : nil
    }

    /// Row-major strides; `shape` must have passed ``elementCount(_:)``.
    static func contiguousStrides(_ shape: [Int]) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.count)
        // Wrapping: beside an extent of 0 the others may be as large as they like, and strides mean nothing.
        for i in shape.indices.dropLast().reversed() { strides[i] = strides[i + 1] &* max(shape[i + 1], 1) }
        return strides
    }

    /// Elements from the first to the last, inclusive (0 for an empty tensor), or nil when that overflows.
    static func span(shape: [Int], strides: [Int]) -> Int? {
        if shape.contains(0) { return 0 }
        var span = 1
        for (extent, stride) in zip(shape, strides) {
            guard stride >= 0 else { return nil }
            let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
            guard !overflow else { return nil }
            let (sum, carry) = span.addingReportingOverflow(reach)
            guard !carry else { return nil }
            span = sum
        }
        return span
    }

    /// The product of non-negative numbers, or nil when any partial product overflows.
    static func product(_ factors: [Int]) -> Int? {
        var product = 1
        for factor in factors {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            product = next
        }
        return product
    }
}
