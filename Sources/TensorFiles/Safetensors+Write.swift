import Foundation
import Support

extension Safetensors {
    /// A tensor to be written: contiguous, row-major, little-endian.
    public struct Source {
        public let name: String
        public let dtype: StoredType
        public let shape: [Int]
        /// The elements; must stay valid until ``Safetensors/write(_:metadata:to:)`` returns.
        public let bytes: UnsafeRawBufferPointer

        public init(name: String, dtype: StoredType, shape: [Int], bytes: UnsafeRawBufferPointer) {
            self.name = name
            self.dtype = dtype
            self.shape = shape
            self.bytes = bytes
        }
    }

    /// Writes `tensors` to `url` in one go or not at all, without collecting their bytes in memory.
    ///
    /// The order depends on the content only and is that of the reference implementation: wider types first, then by name;
    /// so equal content gives equal files.
    /// - Throws: ``TensorFileError`` when a name occurs twice or a size does not match its shape; `UserError` when
    ///   the disk is full or the folder cannot be written.
    public static func write(_ tensors: [Source], metadata: [String: String] = [:], to url: URL) throws {
        let sorted = tensors.sorted(by: comesFirst)
        let header = try reading(url.path) { () -> Data in try self.header(of: sorted, metadata: metadata) }
        try AtomicFile.write(to: url) { handle in
            try handle.write(contentsOf: header)
            for tensor in sorted where tensor.bytes.count > 0 {
                let address = UnsafeMutableRawPointer(mutating: tensor.bytes.baseAddress!)
                try handle.write(contentsOf: Data(bytesNoCopy: address, count: tensor.bytes.count, deallocator: .none))
            }
        }
    }

    private static func comesFirst(_ a: Source, _ b: Source) -> Bool {
        let (rankA, rankB) = (rank(a.dtype), rank(b.dtype))
        return rankA == rankB ? a.name.utf8.lexicographicallyPrecedes(b.name.utf8) : rankA > rankB
    }

    /// ``StoredType`` lists its cases in the reference implementation's order of types.
    private static func rank(_ type: StoredType) -> Int { StoredType.allCases.firstIndex(of: type)! }

    /// The length, then the JSON, filled up with spaces so that the data begin at a multiple of eight bytes.
    private static func header(of tensors: [Source], metadata: [String: String]) throws -> Data {
        var members: [String] = []
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
            members.append("\"\(metadataKey)\":{\(pairs.joined(separator: ","))}")
        }
        var position = 0
        var names: Set<String> = [metadataKey]
        for tensor in tensors {
            guard names.insert(tensor.name).inserted else { throw TensorFileProblem.duplicateName(tensor.name) }
            guard let count = Layout.elementCount(tensor.shape), let bytes = Layout.product([count, tensor.dtype.byteSize]) else {
                throw TensorFileProblem.badLayout(tensor: tensor.name, reason: "the shape \(tensor.shape) is impossible")
            }
            guard bytes == tensor.bytes.count else {
                throw TensorFileProblem.sizeMismatch(tensor: tensor.name, expected: bytes, found: tensor.bytes.count)
            }
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let range = "\(position),\(position + bytes)"
            members.append(
                "\(quoted(tensor.name)):{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],\"data_offsets\":[\(range)]}")
            position += bytes
        }
        var json = Data("{\(members.joined(separator: ","))}".utf8)
        json.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - json.count % 8) % 8))
        guard json.count <= longestHeader else { throw TensorFileProblem.headerTooLarge(UInt64(json.count)) }
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\u{0}"..<"\u{20}": result += "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
