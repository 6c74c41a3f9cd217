import Foundation
import SegData
import Support
import Testing
import Vision

/// Batches are the same whether samples are read whole or only where the crop needs them.
@Suite struct PartialReadingTests {
    private let folder: TemporaryFolder
    private let files: FileDataset

    init() throws {
        folder = try TemporaryFolder()
        for (index, name) in ["a.jpg", "b.png", "c.jpg", "d.png"].enumerated() {
            let (width, height) = (97 + 10 * index, 81 + 7 * index)
            try pattern(width: width / 3, height: height / 3).resized(width: width, height: height)
                .write(to: folder["images/\(name)"], quality: index == 0 ? 80 : 95)
            let values = (0..<width * height).map { UInt8(($0 / 5 + $0 / 300 + index) % 4) }
            try LabelMap(width: width, height: height, values: values).write(to: folder["labels/\(name.prefix(1)).png"])
        }
        files = try FileDataset(
            images: folder.url.appendingPathComponent("images"), labels: folder.url.appendingPathComponent("labels"),
            classes: ClassList(names: ["a", "b", "c", "d"]))
    }

    private func options(_ augmentation: Augmentation, scaledDecoding: Bool = false, cacheMegabytes: Int = 0) -> LoaderOptions {
        LoaderOptions(
            batchSize: 2, augmentation: augmentation, seed: 4, epochs: 6, threads: 2, scaledDecoding: scaledDecoding,
            cacheMegabytes: cacheMegabytes)
    }

    private func batches(_ dataset: any Dataset, _ options: LoaderOptions) throws -> [LoaderTests.Content] {
        let loader = try Loader(dataset, options)
        var contents: [LoaderTests.Content] = []
        while let batch = try loader.next() { contents.append(.init(batch)) }
        return contents
    }

    @Test(arguments: [
        Augmentation(crop: Size(width: 40, height: 32), flip: 0.5),
        Augmentation(
            scale: 0.5...2, crop: Size(width: 40, height: 32), flip: 0.5, photometric: Photometric(jitter: ColorJitter(contrast: 0.4))),
        Augmentation(resize: .exact(Size(width: 60, height: 20)), scale: 0.3...0.6, crop: Size(width: 24, height: 24)),
    ]) func cropsAreThoseOfTheWholeImage(augmentation: Augmentation) throws {
        let expected = try batches(Whole(base: files), options(augmentation))
        #expect(expected.count == 12)
        #expect(try batches(files, options(augmentation)) == expected)
        #expect(try batches(CachedDataset(files, megabytes: 0), options(augmentation)) == expected)
    }

    @Test func aShrinkingDecoderChangesThePictureALittleAndTheLabelsNotAtAll() throws {
        let augmentation = Augmentation(resize: .exact(Size(width: 30, height: 22)), crop: Size(width: 30, height: 22))
        let exact = try batches(files, options(augmentation))
        let shrunken = try batches(files, options(augmentation, scaledDecoding: true))
        #expect(exact.map(\.labels) == shrunken.map(\.labels))
        let differences = zip(exact, shrunken).flatMap { zip($0.images, $1.images).map { abs(Int($0) - Int($1)) } }
        let mean = Double(differences.reduce(0, +)) / Double(differences.count)
        #expect(mean > 0)
        #expect(mean < 4)
    }

    @Test func mappedLabelsAreMappedInPartsToo() throws {
        let map = try ClassMap(from: files.classes, to: ClassList(names: ["x", "y"]), [1, 0, 255, 1])
        let mapped = try MappedDataset(files, map)
        let part = try #require(try mapped.open(1).labels(rows: 10..<20))
        #expect(try part.content.values == Array(#require(mapped.sample(1).labels).values))
    }
}
