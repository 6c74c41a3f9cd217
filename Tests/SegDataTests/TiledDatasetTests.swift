import SegData
import Support
import Testing
import Vision

@Suite struct TiledDatasetTests {
    /// One image of 24×18 whose objects are a bar across it, a dot in the lower right corner and, where there are two images, nothing else.
    private struct Objects: Dataset {
        let base = TinyDataset(count: 2)
        var classes: ClassList { base.classes }
        var instanceClasses: ClassList? { ClassList(names: ["bar", "dot"]) }
        var count: Int { base.count }
        func name(_ index: Int) -> String { base.name(index) }
        func sample(_ index: Int) throws -> Sample {
            let plain = try base.sample(index)
            var (bar, dot) = (Raster<UInt8>(width: 24, height: 18), Raster<UInt8>(width: 24, height: 18))
            for x in 2..<22 { bar.values[4 * 24 + x] = 1 }
            dot.values[17 * 24 + 23] = 1
            func mask(_ map: Raster<UInt8>) -> RunLengthMask { RunLengthMask.masks(in: map).first { $0.value == 1 }!.mask }
            let instances = [Instance(category: 0, mask: mask(bar), isCrowd: true, id: 7), Instance(category: 1, mask: mask(dot))]
            return Sample(name: plain.name, image: plain.image, labels: plain.labels, instances: index == 0 ? instances : [])
        }
    }

    @Test func tilesCoverAnImageEvenly() throws {
        let tiled = try TiledDataset(TinyDataset(count: 2), size: Size(width: 10, height: 9))
        #expect(tiled.count == 2 * 3 * 2)
        #expect(
            (0..<6).map(tiled.name) == [
                "tiny/0_y0_x0", "tiny/0_y0_x7", "tiny/0_y0_x14", "tiny/0_y9_x0", "tiny/0_y9_x7", "tiny/0_y9_x14",
            ])
        for index in 0..<tiled.count {
            let (tile, whole) = (try tiled.sample(index), try TinyDataset(count: 2).sample(index / 6))
            let (x, y) = ([0, 7, 14][index % 3], [0, 9][index / 3 % 2])
            #expect(tile.image == whole.image.cropped(x: x, y: y, width: 10, height: 9, padding: [0, 0, 0]))
            #expect(tile.labels == whole.labels?.cropped(x: x, y: y, width: 10, height: 9, padding: 255))
        }
    }

    @Test func aPartOfATileIsThatPartOfTheImage() throws {
        let reader = try TiledDataset(TinyDataset(count: 1), size: Size(width: 10, height: 9)).open(4)
        let whole = try TinyDataset(count: 1).sample(0)
        let part = try reader.image(PixelRegion(columns: 3..<8, rows: 2..<6), divisor: 1)
        #expect((part.x, part.y) == (3, 2))
        #expect(part.content == whole.image.cropped(x: 10, y: 11, width: 5, height: 4, padding: [0, 0, 0]))
        let rows = try #require(try reader.labels(rows: 2..<6))
        #expect((rows.x, rows.y) == (0, 2))
        #expect(rows.content == whole.labels?.cropped(x: 7, y: 11, width: 10, height: 4, padding: 255))
    }

    @Test func anObjectIsInEveryTileThatShowsIt() throws {
        let tiled = try TiledDataset(Objects(), size: Size(width: 12, height: 9))
        let found = try (0..<4).map { try #require(try tiled.sample($0).instances) }
        #expect(found.map { $0.map(\.category) } == [[0], [0], [], [1]])
        #expect(found[0][0].box == Box(x: 2, y: 4, width: 10, height: 1) && found[1][0].box == Box(x: 0, y: 4, width: 10, height: 1))
        #expect(found[0][0].isCrowd && found[0][0].id == 7 && found[3][0].box == Box(x: 11, y: 8, width: 1, height: 1))
        #expect(tiled.instanceClasses?.names == ["bar", "dot"])
    }

    @Test func aSmallImageStaysWhole() throws {
        let tiled = try TiledDataset(TinyDataset(count: 1), size: Size(width: 100, height: 6))
        #expect((0..<tiled.count).map(tiled.name) == ["tiny/0_y0_x0", "tiny/0_y6_x0", "tiny/0_y12_x0"])
        #expect(try tiled.sample(1).image.width == 24)
    }

    @Test func batchesAreThoseOfTilesReadWhole() throws {
        let tiled = try TiledDataset(TinyDataset(count: 3), size: Size(width: 12, height: 9))
        let augmentation = Augmentation(scale: 0.7...1.4, crop: Size(width: 8, height: 8), flip: 0.5)
        let options = LoaderOptions(batchSize: 2, augmentation: augmentation, seed: 4, epochs: 2, threads: 2)
        func batches(_ dataset: any Dataset) throws -> [LoaderTests.Content] {
            let loader = try Loader(dataset, options)
            var contents: [LoaderTests.Content] = []
            while let batch = try loader.next() { contents.append(.init(batch)) }
            return contents
        }
        let (parts, whole) = (try batches(tiled), try batches(Whole(base: tiled)))
        #expect(parts.count == 12 && parts == whole)
    }
}
