import Foundation
import Support
import Vision

/// Reads label PNGs as indices into a class list and refuses what the coding does not know.
package struct LabelReader: Sendable {
    private enum Decoder: Sendable {
        case indices(ignored: [UInt8])
        /// The class of each of the 256 values; ``unknown`` where there is none.
        case table([UInt16], channel: Int?)
        case colors(ColorTable)
    }

    /// Beyond all classes, and told from them by one bit.
    private static let unknown: UInt16 = 0x100

    package let classes: ClassList
    private let decoder: Decoder

    package init(classes: ClassList, coding: LabelCoding) {
        self.classes = classes
        decoder =
            switch coding {
            case .indices(let ignoring): .indices(ignored: ignoring.subtracting([ClassList.ignore]).sorted())
            case .values(let table): .table(Self.dense(table), channel: nil)
            case .redChannel(let table): .table(Self.dense(table), channel: 0)
            case .colors(let table): .colors(ColorTable(table))
            }
    }

    /// - Throws: ``LabelValueError``, or `UserError` when the file cannot be read.
    package func read(_ url: URL) throws -> LabelMap {
        if url.pathExtension == "mat", case .table(let table, _) = decoder {
            return try translate(MatFile(contentsOf: url).labels("S"), table, url.path)
        }
        return try read(FileBytes.read(url), name: url.path)
    }

    /// As ``read(_:)`` for a PNG that is already in memory; `name` is what messages call it.
    func read(_ bytes: [UInt8], name: String) throws -> LabelMap {
        switch decoder {
        case .indices(let ignored): try readIndices(LabelMap(decoding: bytes, name: name), ignored, name)
        case .table(let table, let channel): try translate(LabelMap(decoding: bytes, name: name, channel: channel), table, name)
        case .colors(let table): try translate(Image(decoding: bytes, name: name), table, name)
        }
    }

    private func readIndices(_ raw: LabelMap, _ ignored: [UInt8], _ name: String) throws -> LabelMap {
        var labels = raw
        let count = UInt8(classes.count)
        let isWrong = labels.values.withUnsafeMutableBufferPointer { values in
            guard let start = values.baseAddress else { return false }
            for value in ignored { Self.ignore(value, start, values.count) }
            return Self.holdsValue(from: count, start, values.count)
        }
        guard isWrong else { return labels }
        throw LabelValueError(file: name, classes: classes, histogram: labels.histogram) { $0 < classes.count }
    }

    private func translate(_ raw: LabelMap, _ table: [UInt16], _ name: String) throws -> LabelMap {
        var labels = raw
        let isWrong = labels.values.withUnsafeMutableBufferPointer { values in
            table.withUnsafeBufferPointer { table in
                var found: UInt16 = 0
                for index in values.indices {
                    let entry = table[Int(values[index])]
                    found |= entry
                    values[index] = UInt8(truncatingIfNeeded: entry)
                }
                return found & Self.unknown != 0
            }
        }
        guard isWrong else { return labels }
        throw LabelValueError(file: name, classes: classes, histogram: raw.histogram) { table[$0] != Self.unknown }
    }

    private func translate(_ image: Image, _ table: ColorTable, _ name: String) throws -> LabelMap {
        if let labels = table.indices(of: image) { return labels }
        let (color, x, y) = table.firstUnknown(in: image)!
        throw UserError(
            "\(name): the colour (\(color.red), \(color.green), \(color.blue)) at x \(x), y \(y) stands for no class",
            hint: "Labels are coded by exact colours; blurred edges mean that the file was scaled or stored as JPEG.")
    }

    private static func dense(_ table: [UInt8: UInt8]) -> [UInt16] {
        var dense = [UInt16](repeating: unknown, count: 256)
        for (value, index) in table { dense[Int(value)] = UInt16(index) }
        return dense
    }

    // Labels are read for every step: loops without lookups or exits, which the compiler turns into vector code.

    private static func ignore(_ value: UInt8, _ labels: UnsafeMutablePointer<UInt8>, _ count: Int) {
        for index in 0..<count { labels[index] |= labels[index] == value ? ClassList.ignore : 0 }
    }

    /// Whether there is a value from `bound` on that is not 255.
    private static func holdsValue(from bound: UInt8, _ labels: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var found: UInt8 = 0
        // Adding 1 turns 255 into 0, so one comparison finds the values in between.
        for index in 0..<count { found |= labels[index] &+ 1 > bound ? 1 : 0 }
        return found != 0
    }
}
