import Foundation
import Vision

/// A data set cut into tiles: each is a sample, with what it shows of the labels and of the objects.
///
/// The tiles of an image have one size and cover all of it, spread evenly: they overlap where the size does not divide the image's. An image
/// that is smaller, in height or in width, is not cut that way.
public struct TiledDataset: Dataset {
    private let base: any Dataset
    private let tiles: [Tile]

    private struct Tile: Sendable {
        let image: Int
        let region: PixelRegion
    }

    /// Reads how large the images are, not the images.
    /// - Throws: `UserError` naming the file when that cannot be read.
    public init(_ base: any Dataset, size: Size) throws {
        self.base = base
        tiles = try (0..<base.count).flatMap { image in
            let whole = try base.open(image).size
            let columns = Self.cuts(whole.width, into: size.width)
            return Self.cuts(whole.height, into: size.height).flatMap { rows in
                columns.map { Tile(image: image, region: PixelRegion(columns: $0, rows: rows)) }
            }
        }
    }

    private static func cuts(_ whole: Int, into length: Int) -> [Range<Int>] {
        guard whole > length else { return [0..<whole] }
        let last = (whole - 1) / length
        return (0...last).map { index in
            let start = (index * (whole - length) + last / 2) / last
            return start..<start + length
        }
    }

    public var classes: ClassList { base.classes }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var leftOut: [LeftOut] { base.leftOut }
    public var count: Int { tiles.count }
    /// The image's name with the tile's first row and column.
    public func name(_ index: Int) -> String {
        let tile = tiles[index]
        return "\(base.name(tile.image))_y\(tile.region.rows.lowerBound)_x\(tile.region.columns.lowerBound)"
    }
    public func files(_ index: Int) -> [URL] { base.files(tiles[index].image) }
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }
    public func open(_ index: Int) throws -> any SampleReader {
        let tile = tiles[index]
        return try TileReader(base: base.open(tile.image), region: tile.region, name: name(index))
    }
}

private struct TileReader: SampleReader {
    let base: any SampleReader
    let region: PixelRegion
    let name: String

    var size: Size { Size(width: region.width, height: region.height) }

    func image(_ part: PixelRegion, divisor: Int) throws -> Part<Image> {
        let wanted = PixelRegion(columns: shifted(part.columns, region.columns), rows: shifted(part.rows, region.rows))
        let found = try base.image(wanted, divisor: 1)
        let image = found.content.cropped(
            x: wanted.columns.lowerBound - found.x, y: wanted.rows.lowerBound - found.y, width: part.width, height: part.height,
            padding: Array(repeating: 0, count: found.content.channels))
        return Part(image, x: part.columns.lowerBound, y: part.rows.lowerBound)
    }

    func labels(rows: Range<Int>) throws -> Part<LabelMap>? {
        let wanted = shifted(rows, region.rows)
        return try base.labels(rows: wanted).map { found in
            let labels = found.content.cropped(
                x: region.columns.lowerBound - found.x, y: wanted.lowerBound - found.y, width: region.width, height: rows.count,
                padding: ClassList.ignore)
            return Part(labels, y: rows.lowerBound)
        }
    }

    /// An object that the tile's edge cuts is one in each of the tiles that show it.
    func instances() throws -> [Instance]? {
        try base.instances()?.compactMap { $0.with($0.mask.cropped(to: region)) }
    }

    private func shifted(_ range: Range<Int>, _ by: Range<Int>) -> Range<Int> {
        range.lowerBound + by.lowerBound..<range.upperBound + by.lowerBound
    }
}
