import Foundation

/// Reading and writing of `.safetensors` files: eight bytes with the header's length, the header (JSON:
/// each tensor's type, shape and byte range), then the tensors' bytes without holes.
///
/// The rules are those of the format's reference implementation; names that occur twice and unknown
/// fields, which it lets pass, are refused too.
public enum Safetensors {
    static let longestHeader = 100_000_000
    static let metadataKey = "__metadata__"

    /// Maps the file at `url` and checks its header; no tensor is read.
    /// - Throws: ``TensorFileError`` for anything malformed.
    public static func read(_ url: URL) throws -> TensorArchive {
        let file = try MappedFile(url)
        return try reading(file.path) { try read(file) }
    }

    static func read(_ file: MappedFile) throws -> TensorArchive {
        let fileLength = file.bytes.count
        guard fileLength >= 10 else { throw TensorFileProblem.tooShort(fileLength) }
        let claimed = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard claimed <= longestHeader else { throw TensorFileProblem.headerTooLarge(claimed) }
        let dataStart = 8 + Int(claimed)
        guard dataStart <= fileLength else { throw TensorFileProblem.headerBeyondFile(header: Int(claimed), file: fileLength) }
        let header = UnsafeRawBufferPointer(rebasing: file.bytes[8..<dataStart])
        guard header.first == UInt8(ascii: "{"), case .object(let members) = try JSON(parsing: header) else {
            throw TensorFileProblem.badHeader("it does not begin with '{'")
        }

        var metadata: [String: String] = [:]
        var tensors: [Description] = []
        tensors.reserveCapacity(members.count)
        for member in members {
            if member.key == metadataKey {
                metadata = try textMap(member.value)
            } else {
                tensors.append(try Description(name: member.key, member.value))
            }
        }
        tensors.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
        try checkCoverage(tensors, dataLength: fileLength - dataStart)
        return try TensorArchive(entries: tensors.map { $0.entry(in: file, dataStart: dataStart) }, metadata: metadata)
    }

    /// The tensors must fill the data from its first byte to its last, one after the other.
    private static func checkCoverage(_ tensors: [Description], dataLength: Int) throws {
        var position = 0
        for tensor in tensors {
            guard tensor.begin == position else {
                throw TensorFileProblem.badOffset(tensor: tensor.name, expected: position, found: tensor.begin)
            }
            position = tensor.end
        }
        guard position == dataLength else { throw TensorFileProblem.wrongDataLength(expected: position, found: dataLength) }
    }

    private static func textMap(_ value: JSON) throws -> [String: String] {
        guard case .object(let members) = value else { throw TensorFileProblem.badHeader("\(metadataKey) is not an object") }
        var map: [String: String] = [:]
        for member in members {
            guard case .string(let text) = member.value else {
                throw TensorFileProblem.badHeader("\(metadataKey) '\(member.key)' is not a string")
            }
            map[member.key] = text
        }
        return map
    }

    /// A tensor as the header describes it; `begin` and `end` count from the start of the data.
    private struct Description {
        let name: String
        let dtype: StoredType
        let shape: [Int]
        let begin: Int
        let end: Int

        init(name: String, _ value: JSON) throws {
            func fail(_ reason: String) -> TensorFileProblem { .badHeader("tensor '\(name)' \(reason)") }
            guard case .object(let members) = value else { throw fail("is not an object") }
            var type: String?
            var shape: [Int]?
            var offsets: [Int]?
            for member in members {
                let field = member.key
                switch (field, member.value) {
                case ("dtype", .string(let text)): type = text
                case ("shape", .array(let items)): shape = Self.naturals(items)
                case ("data_offsets", .array(let items)): offsets = Self.naturals(items)
                case ("dtype", _), ("shape", _), ("data_offsets", _): throw fail("has a '\(field)' of the wrong type")
                default: throw fail("has the unknown field '\(field)'")
                }
            }
            guard let type else { throw fail("has no 'dtype'") }
            guard let shape else { throw fail("has no 'shape' of whole numbers from 0") }
            guard let offsets, offsets.count == 2 else { throw fail("has no 'data_offsets' of two whole numbers from 0") }
            guard let dtype = StoredType(rawValue: type) else { throw TensorFileProblem.unsupportedType(tensor: name, type: type) }
            guard let byteCount = Layout.product(shape + [dtype.byteSize]) else {
                throw TensorFileProblem.badLayout(tensor: name, reason: "the shape \(shape) overflows")
            }
            guard offsets[0] <= offsets[1] else { throw fail("ends (\(offsets[1])) before it begins (\(offsets[0]))") }
            guard offsets[1] - offsets[0] == byteCount else {
                throw TensorFileProblem.sizeMismatch(tensor: name, expected: byteCount, found: offsets[1] - offsets[0])
            }
            (self.name, self.dtype, self.shape, begin, end) = (name, dtype, shape, offsets[0], offsets[1])
        }

        private static func naturals(_ items: [JSON]) -> [Int]? {
            var numbers: [Int] = []
            for item in items {
                guard case .integer(let number) = item, number >= 0 else { return nil }
                numbers.append(number)
            }
            return numbers
        }

        func entry(in file: MappedFile, dataStart: Int) -> TensorEntry {
            TensorEntry(
                name: name, dtype: dtype, shape: shape, strides: Layout.contiguousStrides(shape),
                byteOffset: dataStart + begin, byteCount: end - begin, file: file)
        }
    }
}
