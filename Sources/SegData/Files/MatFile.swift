import Foundation
import Support
import Vision

/// Reads matrices of numbers from a MATLAB file of version 5 (what `save` writes without `-v7.3`).
struct MatFile {
    /// Numbers column by column, as MATLAB stores them.
    struct Matrix {
        let rows: Int
        let columns: Int
        let values: [Double]
    }

    private let url: URL
    private let bytes: [UInt8]

    /// - Throws: `UserError` when the file is missing or not of that version.
    init(contentsOf url: URL) throws {
        guard let data = FileManager.default.contents(atPath: url.path) else { throw UserError("\(url.path): cannot be read") }
        bytes = Array(data)
        self.url = url
        guard bytes.count > 128, bytes[126] == 0x49, bytes[127] == 0x4D else {
            throw UserError(
                "\(url.path): expected a MATLAB file of version 5, found something else",
                hint: "A file of version 7.3 (HDF5) can be saved again from MATLAB with -v7.")
        }
    }

    /// The variable's values, column by column.
    func numbers(_ name: String) throws -> [Double] { try matrix(name).values }

    /// - Throws: `UserError` naming the file when there is no such matrix of numbers, or the file is damaged or cut short.
    func matrix(_ name: String) throws -> Matrix {
        var position = 128
        while position < bytes.count {
            let element = try element(bytes[...], &position)
            if let matrix = try matrix(name, in: element) { return matrix }
        }
        throw UserError("\(url.path): expected a matrix called '\(name)', found none")
    }

    private struct Element {
        let type: UInt32
        let content: ArraySlice<UInt8>
    }

    private static let matrixType: UInt32 = 14
    private static let compressedType: UInt32 = 15

    private func matrix(_ name: String, in element: Element) throws -> Matrix? {
        if element.type == Self.compressedType {
            guard let content = Zlib.unpack(element.content) else { throw damaged }
            var start = 0
            return try matrix(name, in: self.element(content[...], &start))
        }
        guard element.type == Self.matrixType else { return nil }
        var position = element.content.startIndex
        let flags = try self.element(element.content, &position)
        let sizes = try integers(try self.element(element.content, &position))
        let found = String(decoding: try self.element(element.content, &position).content, as: UTF8.self)
        // Classes 6 to 15 are numbers; the others are cells, structures, characters and sparse matrices.
        guard found == name, let kind = flags.content.first, (6...15).contains(kind), sizes.count == 2 else { return nil }
        let values = try numbers(try self.element(element.content, &position))
        guard values.count == sizes[0] * sizes[1] else { throw damaged }
        return Matrix(rows: sizes[0], columns: sizes[1], values: values)
    }

    /// The element at `position`, which moves on to the next; elements begin at multiples of 8 bytes from the start.
    private func element(_ bytes: ArraySlice<UInt8>, _ position: inout Int) throws -> Element {
        let tag = try word(bytes, position)
        let small = Int(tag >> 16)
        let (size, start) = small > 0 ? (small, position + 4) : (Int(try word(bytes, position + 4)), position + 8)
        guard start + size <= bytes.endIndex else { throw damaged }
        let type = small > 0 ? tag & 0xFFFF : tag
        position = type == Self.compressedType ? start + size : small > 0 ? position + 8 : start + (size + 7) / 8 * 8
        return Element(type: type, content: bytes[start..<start + size])
    }

    private func word(_ bytes: ArraySlice<UInt8>, _ position: Int) throws -> UInt32 {
        guard position >= bytes.startIndex, position + 4 <= bytes.endIndex else { throw damaged }
        return (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
    }

    private func integers(_ element: Element) throws -> [Int] {
        try numbers(element).map { number in
            guard let whole = Int(exactly: number), (0...1 << 31).contains(whole) else { throw damaged }
            return whole
        }
    }

    private func numbers(_ element: Element) throws -> [Double] {
        let bytes = element.content
        func all<Value: BitwiseCopyable>(_ type: Value.Type, _ convert: (Value) -> Double) -> [Double] {
            bytes.withUnsafeBytes { buffer in
                stride(from: 0, through: buffer.count - MemoryLayout<Value>.size, by: MemoryLayout<Value>.size)
                    .map { convert(buffer.loadUnaligned(fromByteOffset: $0, as: Value.self)) }
            }
        }
        switch element.type {
        case 1: return all(Int8.self) { Double($0) }
        case 2: return all(UInt8.self) { Double($0) }
        case 3: return all(Int16.self) { Double($0) }
        case 4: return all(UInt16.self) { Double($0) }
        case 5: return all(Int32.self) { Double($0) }
        case 6: return all(UInt32.self) { Double($0) }
        case 7: return all(Float.self) { Double($0) }
        case 9: return all(Double.self) { $0 }
        default: throw damaged
        }
    }

    private var damaged: UserError {
        UserError("\(url.path): the MATLAB file is damaged or cut short", hint: "Copy it again from its source.")
    }
}

extension MatFile {
    /// A matrix of whole numbers from 0 to 255 as a label map.
    func labels(_ name: String) throws -> LabelMap {
        let matrix = try matrix(name)
        var labels = LabelMap(width: matrix.columns, height: matrix.rows)
        for (index, value) in matrix.values.enumerated() {
            guard let label = UInt8(exactly: value) else {
                throw UserError("\(url.path): expected label values up to 255 in '\(name)', found \(value)")
            }
            labels.values[index % matrix.rows * matrix.columns + index / matrix.rows] = label
        }
        return labels
    }
}
