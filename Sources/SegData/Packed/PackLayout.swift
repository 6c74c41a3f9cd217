import Foundation

/// How a packed data set lies in its file: a header, the samples' bytes, and an entry for each sample at the end. Numbers are
/// little-endian and 64 bits wide.
enum PackLayout {
    static let magic = Array("SEGPACK1".utf8)
    /// Magic, number of samples, where the entries begin, whether there are objects, and the fingerprint's 16 digits.
    static let headerBytes = 48

    /// Where a sample's bytes are.
    struct Entry {
        var width = 0
        var height = 0
        /// RGB as it is, or a JPEG file.
        var isJPEG = false
        var image = 0..<0
        /// See ``RowRuns``; empty for an unlabelled image.
        var labels = 0..<0
        /// See ``Instance/pack(_:)``; empty for a data set without objects.
        var instances = 0..<0

        static let bytes = 72

        init() {}

        /// - Precondition: `bytes` has ``bytes`` from `offset` on.
        init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
            func number(_ index: Int) -> Int { bytes.number(at: offset + 8 * index) }
            // A damaged number must not stop the program: such a range is empty and is refused as being too short.
            func range(_ index: Int) -> Range<Int> {
                let (start, count) = (number(index), number(index + 1))
                return start >= 0 && count >= 0 && start <= bytes.count && count <= bytes.count - start ? start..<start + count : 0..<0
            }
            (width, height, isJPEG) = (number(0), number(1), number(2) == 1)
            (image, labels, instances) = (range(3), range(5), range(7))
        }

        var data: Data {
            let numbers = [
                width, height, isJPEG ? 1 : 0, image.lowerBound, image.count, labels.lowerBound, labels.count, instances.lowerBound,
                instances.count,
            ]
            return numbers.reduce(into: Data()) { $0.append(number: $1) }
        }
    }

    static func header(count: Int, entries: Int, hasInstances: Bool, fingerprint: String) -> Data {
        var data = Data(magic)
        for number in [count, entries, hasInstances ? 1 : 0] { data.append(number: number) }
        return data + padded(fingerprint)
    }

    static func padded(_ fingerprint: String) -> Data {
        Data((String(repeating: "0", count: max(0, 16 - fingerprint.count)) + fingerprint).utf8)
    }
}

extension UnsafeRawBufferPointer {
    func number(at offset: Int) -> Int { Int(Int64(littleEndian: loadUnaligned(fromByteOffset: offset, as: Int64.self))) }
}

extension Data {
    mutating func append(number: Int) { Swift.withUnsafeBytes(of: Int64(number).littleEndian) { append(contentsOf: $0) } }
}
