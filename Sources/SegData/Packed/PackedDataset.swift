import Foundation
import Support
import Vision

/// A data set whose pixels come from one file, in a form that costs little to read: see ``write(_:to:quality:threads:progress:)``.
///
/// The file is mapped, so a crop reads the pages that it covers. Names and classes are the data set's own.
public struct PackedDataset: Dataset {
    private let base: any Dataset
    private let file: URL
    private let data: Data
    private let entries: Int
    private let hasInstances: Bool

    /// - Throws: `UserError` when the file is no packed data set, was made from other data or other versions of the files, or
    ///   without the objects that the data set has.
    public init(_ file: URL, of base: any Dataset) throws {
        self.base = base
        self.file = file
        do { data = try Data(contentsOf: file, options: .alwaysMapped) } catch {
            throw UserError("\(file.path): cannot read the packed data", hint: "Make it with 'segdistill data pack'.")
        }
        let (header, count, entries, hasInstances, fingerprint) = data.withUnsafeBytes { bytes in
            guard bytes.count >= PackLayout.headerBytes else { return ([UInt8](), 0, 0, 0, Data()) }
            return (
                Array(bytes[..<8]), bytes.number(at: 8), bytes.number(at: 16), bytes.number(at: 24), Data(bytes[32..<48])
            )
        }
        guard header == PackLayout.magic else {
            throw UserError("\(file.path): expected packed data, found something else", hint: "Make it with 'segdistill data pack'.")
        }
        guard count >= 0, entries >= PackLayout.headerBytes, entries <= data.count,
            (data.count - entries) / PackLayout.Entry.bytes >= count
        else { throw Self.damaged(file) }
        guard count == base.count, fingerprint == PackLayout.padded(DatasetFingerprint(base).text) else {
            throw UserError(
                "\(file.path): the packed data are not, or no longer, those of the data set (names, sizes or dates of files differ)",
                hint: "Pack them again with 'segdistill data pack', or take `packed` out of the recipe.")
        }
        guard hasInstances == 1 || base.instanceClasses == nil else {
            throw UserError("\(file.path): the data were packed without their objects", hint: "Pack them again with their objects.")
        }
        self.entries = entries
        self.hasInstances = hasInstances == 1
    }

    public var classes: ClassList { base.classes }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var leftOut: [LeftOut] { base.leftOut }
    public var count: Int { base.count }
    public func name(_ index: Int) -> String { base.name(index) }
    public func files(_ index: Int) -> [URL] { base.files(index) }
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }

    public func open(_ index: Int) throws -> any SampleReader {
        let entry = data.withUnsafeBytes { PackLayout.Entry($0, at: entries + index * PackLayout.Entry.bytes) }
        let (width, height) = (entry.width, entry.height)
        guard width > 0, height > 0, width < 1 << 24, height < 1 << 24, entry.isJPEG || entry.image.count == 3 * width * height else {
            throw Self.damaged(file)
        }
        let jpeg = try entry.isJPEG ? EncodedImage(bytes(entry.image), name: name(index)) : nil
        if let jpeg, (jpeg.width, jpeg.height) != (width, height) { throw Self.damaged(file) }
        return PackedSample(pack: self, entry: entry, name: name(index), jpeg: jpeg, hasInstances: base.instanceClasses != nil)
    }

    private func bytes(_ range: Range<Int>) -> [UInt8] { data.withUnsafeBytes { Array($0[range]) } }

    private static func damaged(_ file: URL) -> UserError {
        UserError("\(file.path): the packed data are damaged or cut short", hint: "Pack them again with 'segdistill data pack'.")
    }

    private struct PackedSample: SampleReader {
        let pack: PackedDataset
        let entry: PackLayout.Entry
        let name: String
        let jpeg: EncodedImage?
        let hasInstances: Bool

        var size: Size { Size(width: entry.width, height: entry.height) }

        func divisor(forAtLeast size: Size) -> Int { jpeg?.divisor(forAtLeast: size.width, size.height) ?? 1 }

        func image(_ region: PixelRegion, divisor: Int) throws -> Part<Image> {
            if let jpeg { return try jpeg.decode(region, divisor: divisor) }
            let rowBytes = 3 * region.width
            let pixels = [UInt8](unsafeUninitializedCapacity: rowBytes * region.height) { target, count in
                pack.data.withUnsafeBytes { bytes in
                    for (y, row) in region.rows.enumerated() {
                        let start = entry.image.lowerBound + 3 * (row * entry.width + region.columns.lowerBound)
                        UnsafeMutableRawPointer(target.baseAddress! + y * rowBytes)
                            .copyMemory(from: bytes.baseAddress! + start, byteCount: rowBytes)
                    }
                }
                count = rowBytes * region.height
            }
            let image = Image(width: region.width, height: region.height, pixels: pixels)
            return Part(image, x: region.columns.lowerBound, y: region.rows.lowerBound)
        }

        func labels(rows: Range<Int>) throws -> Part<LabelMap>? {
            guard !entry.labels.isEmpty else { return nil }
            let labels = pack.data.withUnsafeBytes {
                RowRuns.decode(
                    UnsafeRawBufferPointer(rebasing: $0[entry.labels]), width: entry.width, height: entry.height, rows: rows)
            }
            guard let labels else { throw PackedDataset.damaged(pack.file) }
            return Part(labels, y: rows.lowerBound)
        }

        func instances() throws -> [Instance]? {
            guard hasInstances, !entry.instances.isEmpty else { return nil }
            let words = pack.data.withUnsafeBytes { bytes in
                stride(from: entry.instances.lowerBound, to: entry.instances.upperBound - 3, by: 4).map {
                    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self))
                }
            }
            guard let instances = Instance.unpack(words) else { throw PackedDataset.damaged(pack.file) }
            return instances
        }
    }
}
