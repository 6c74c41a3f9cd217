import Foundation
import Support
import Testing
import Vision

/// Windows that are decoded alone are windows of the whole.
@Suite struct PartTests {
    struct Codecs: Decodable {
        struct File: Decodable {
            let name: String
            let file: Data
        }
        let images: [File]
        let labels: [File]
    }

    let codecs: Codecs

    init() throws { codecs = try Fixture.load("codecs") }

    private func region(_ random: inout SeededRandom, _ width: Int, _ height: Int) -> PixelRegion {
        let (left, top) = (random.below(width), random.below(height))
        return PixelRegion(
            columns: left..<left + 1 + random.below(width - left), rows: top..<top + 1 + random.below(height - top))
    }

    /// The region's pixels cut out of a part.
    private func cut(_ part: Part<Image>, _ region: PixelRegion) -> Image {
        part.content.cropped(
            x: region.columns.lowerBound - part.x, y: region.rows.lowerBound - part.y, width: region.width, height: region.height,
            padding: [255, 0, 255])
    }

    private func expectWindows(_ bytes: [UInt8], _ name: String, count: Int) throws {
        let encoded = try EncodedImage(bytes, name: name)
        let whole = try encoded.decode()
        #expect((encoded.width, encoded.height) == (whole.width, whole.height))
        var random = SeededRandom(3, bytes.count)
        for _ in 0..<count {
            let region = region(&random, whole.width, whole.height)
            let expected = cut(Part(whole), region)
            #expect(try cut(encoded.decode(region), region) == expected, "\(name) \(region)")
        }
        for divisor in [2, 4, 8] where encoded.format == .jpeg {
            let (width, height) = ((whole.width + divisor - 1) / divisor, (whole.height + divisor - 1) / divisor)
            let shrunken = try encoded.decode(PixelRegion(columns: 0..<width, rows: 0..<height), divisor: divisor)
            for _ in 0..<count / 4 {
                let region = region(&random, width, height)
                #expect(
                    try cut(encoded.decode(region, divisor: divisor), region) == cut(shrunken, region), "\(name) \(region) 1/\(divisor)")
            }
        }
    }

    @Test func windowsOfEveryPictureAreThoseOfTheWhole() throws {
        for picture in codecs.images { try expectWindows(Array(picture.file), picture.name, count: 24) }
    }

    /// Large enough that blocks are left out on every side; halved colour needs neighbours across the window's edge.
    @Test(arguments: [75, 95]) func windowsOfLargeJPEGsAreThoseOfTheWhole(quality: Int) throws {
        let picture = pattern(width: 61, height: 43).resized(width: 307, height: 261)
        try expectWindows(Array(JPEG.encode(picture, quality: quality)), "quality \(quality)", count: 60)
    }

    @Test func rowsOfLabelsAreThoseOfTheWhole() throws {
        for labels in codecs.labels {
            let bytes = Array(labels.file)
            let whole: Raster<UInt16> = try PNG.decodeValues(bytes, name: labels.name)
            var random = SeededRandom(5, bytes.count)
            for _ in 0..<12 {
                let rows = region(&random, whole.width, whole.height).rows
                let part: Raster<UInt16> = try PNG.decodeValues(bytes, rows: rows, name: labels.name)
                #expect(part.values == Array(whole.values[rows.lowerBound * whole.width..<rows.upperBound * whole.width]), "\(labels.name)")
            }
        }
    }

    @Test func damageBelowAJPEGsWindowGoesUnseen() throws {
        let bytes = try Array(JPEG.encode(pattern(width: 61, height: 43).resized(width: 307, height: 261)))
        let short = try EncodedImage(Array(bytes[..<(bytes.count * 2 / 3)]), name: "short.jpg")
        #expect(throws: UserError.self) { try short.decode() }
        let top = PixelRegion(columns: 10..<200, rows: 0..<60)
        #expect(try cut(short.decode(top), top) == cut(Part(EncodedImage(bytes, name: "whole.jpg").decode()), top))
    }

    @Test func aJPEGOfThreeBytesIsCutShort() {
        #expect { try EncodedImage([0xFF, 0xD8, 0xFF], name: "a.jpg") } throws: { "\($0)".contains("damaged or cut short") }
    }
}
