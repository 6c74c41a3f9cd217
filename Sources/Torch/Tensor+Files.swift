import Foundation
import TensorFiles

extension StoredType {
    /// The tensor type of the same name.
    public var dtype: DType {
        switch self {
        case .bool: .bool
        case .uint8: .uint8
        case .int8: .int8
        case .int16: .int16
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .int32: .int32
        case .float32: .float32
        case .float64: .float64
        case .int64: .int64
        }
    }

    init(_ dtype: DType) { self = Self.allCases.first { $0.dtype == dtype }! }
}

extension Tensor {
    /// A tensor over the mapped file itself, without a copy; writing to it changes neither the file nor other tensors' pages
    /// in other processes. Only an entry that the file does not align is copied.
    public static func mapped(_ entry: TensorEntry) -> Tensor {
        guard entry.elementCount > 0 else { return zeros(entry.shape, dtype: entry.dtype.dtype) }
        guard entry.isAligned else {
            let aligned = AlignedCopy(entry.bytes)
            return over(aligned.memory, shape: entry.shape, strides: entry.strides, dtype: entry.dtype.dtype, keeping: aligned)
        }
        let memory = UnsafeMutableRawPointer(mutating: entry.bytes.baseAddress!)
        return over(memory, shape: entry.shape, strides: entry.strides, dtype: entry.dtype.dtype, keeping: entry.file)
    }

    /// All tensors of a weights file or folder (safetensors, sharded or not, or `.pth`) by name, on the CPU.
    /// - Throws: `TensorFileError` when the file is missing, malformed, or asks for more than tensors.
    public static func load(_ url: URL) throws -> [String: Tensor] {
        let archive = try TensorArchive.open(url)
        return Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, mapped($0)) })
    }

    /// Writes tensors as safetensors, in one go or not at all.
    /// - Throws: `TensorFileError`; `UserError` when the disk is full or the folder cannot be written.
    public static func save(_ tensors: [(String, Tensor)], metadata: [String: String] = [:], to url: URL) throws {
        let host = tensors.map { ($0.0, $0.1.detach().to(.cpu).contiguous()) }
        let sources = host.map { name, tensor in
            Safetensors.Source(name: name, dtype: StoredType(tensor.dtype), shape: tensor.shape, bytes: tensor.hostBytes)
        }
        try withExtendedLifetime(host) { try Safetensors.write(sources, metadata: metadata, to: url) }
    }
}

/// A copy of bytes at an address that suits every element type.
private final class AlignedCopy {
    let memory: UnsafeMutableRawPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        memory = .allocate(byteCount: bytes.count, alignment: 64)
        memory.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
    }

    deinit { memory.deallocate() }
}
