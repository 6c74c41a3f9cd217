import Foundation
import SegData
import Support
import Testing
import Vision

@Suite struct PackedTests {
    /// Samples with objects, in files so that they have dates.
    private struct Labelled: Dataset {
        let base: FileDataset
        var classes: ClassList { base.classes }
        var instanceClasses: ClassList? { ClassList(names: ["car", "person"]) }
        var count: Int { base.count }
        func name(_ index: Int) -> String { base.name(index) }
        func files(_ index: Int) -> [URL] { base.files(index) }
        func sample(_ index: Int) throws -> Sample {
            let sample = try base.sample(index)
            let labels = try #require(sample.labels)
            let instances = (0..<index).map { number in
                Instance(
                    category: number % 2, mask: RunLengthMask(labels, where: UInt8(number)), box: Box(x: 0.5, y: 1, width: 3.25, height: 4),
                    isCrowd: number == 1, id: number == 0 ? nil : 1 << 40 + number)
            }
            return Sample(name: sample.name, image: sample.image, labels: labels, instances: instances)
        }
    }

    private let folder: TemporaryFolder
    private let data: FileDataset
    private var file: URL { folder["train.pack"] }

    init() throws {
        folder = try TemporaryFolder()
        for (index, name) in ["a.png", "b.jpg", "c.png", "d.jpg"].enumerated() {
            let (width, height) = (50 + 7 * index, 40 + 3 * index)
            try pattern(width: width, height: height).write(to: folder["images/\(name)"], quality: 90)
            let values = (0..<width * height).map { $0 % 11 == 0 ? 255 : UInt8(($0 / 9 + $0 / 400 + index) % 4) }
            try LabelMap(width: width, height: height, values: values).write(to: folder["labels/\(name.prefix(1)).png"])
        }
        data = try Self.open(folder)
    }

    private static func open(_ folder: TemporaryFolder) throws -> FileDataset {
        try FileDataset(
            images: folder.url.appendingPathComponent("images"), labels: folder.url.appendingPathComponent("labels"),
            classes: ClassList(names: ["a", "b", "c", "d"]))
    }

    @Test func packedSamplesAreThoseOfTheFiles() throws {
        try PackedDataset.write(data, to: file)
        let packed = try PackedDataset(file, of: data)
        #expect(packed.count == 4)
        for index in 0..<4 { #expect(try packed.sample(index) == data.sample(index)) }
        let labelled = Labelled(base: data)
        try PackedDataset.write(labelled, to: file, threads: 1)
        let objects = try PackedDataset(file, of: labelled)
        for index in 0..<4 { #expect(try objects.sample(index) == labelled.sample(index)) }
        // Who does not ask for objects does not get them.
        #expect(try PackedDataset(file, of: data).sample(2).instances == nil)
    }

    @Test func cropsComeFromTheSamePixels() throws {
        try PackedDataset.write(data, to: file)
        let options = LoaderOptions(
            batchSize: 2, augmentation: Augmentation(scale: 0.5...2, crop: Size(width: 24, height: 20), flip: 0.5), epochs: 8)
        let (packed, plain) = (try Loader(PackedDataset(file, of: data), options), try Loader(data, options))
        for _ in 0..<16 {
            let (first, second) = (try #require(try packed.next()), try #require(try plain.next()))
            #expect(LoaderTests.Content(first) == LoaderTests.Content(second))
        }
    }

    @Test func imagesMayBeStoredAsJPEG() throws {
        try PackedDataset.write(data, to: file, quality: 95)
        let packed = try PackedDataset(file, of: data)
        #expect(try packed.sample(1) == data.sample(1))
        let (stored, original) = (try packed.sample(0), try data.sample(0))
        #expect(stored.labels == original.labels)
        #expect(stored.image != original.image)
    }

    @Test func unlabelledImagesStayUnlabelled() throws {
        let images = try FileDataset(images: folder.url.appendingPathComponent("images"), labels: nil, classes: ClassList(names: ["a"]))
        try PackedDataset.write(images, to: file)
        #expect(try PackedDataset(file, of: images).sample(0).labels == nil)
    }

    @Test func stalePacksAreRefused() throws {
        try PackedDataset.write(data, to: file)
        let image = folder["images/a.png"]
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 7)], ofItemAtPath: image.path)
        #expect { try PackedDataset(file, of: data) } throws: { "\($0)".contains("no longer") && "\($0)".contains("train.pack") }
        try PackedDataset.write(data, to: file)
        #expect(throws: Never.self) { try PackedDataset(file, of: data) }
        try writePair(folder, image: "images/e.png", labels: "labels/e.png")
        #expect { try PackedDataset(file, of: Self.open(folder)) } throws: { "\($0)".contains("no longer") }
        #expect { try PackedDataset(file, of: Labelled(base: data)) } throws: { "\($0)".contains("without their objects") }
    }

    @Test func damagedPacksAreRefused() throws {
        try PackedDataset.write(data, to: file)
        let bytes = try [UInt8](Data(contentsOf: file))
        for length in [0, 20, 48, bytes.count / 2, bytes.count - 1] {
            try Data(bytes[..<length]).write(to: file)
            #expect("\(length)") { try PackedDataset(file, of: data) } throws: { "\($0)".contains("train.pack") }
        }
        #expect { try PackedDataset(folder["missing.pack"], of: data) } throws: { "\($0)".contains("missing.pack") }
        var random = SeededRandom(2)
        for _ in 0..<60 {
            var damaged = bytes
            for _ in 0..<4 { damaged[bytes.count - 1 - random.below(4 * 72)] = UInt8(random.below(256)) }
            try Data(damaged).write(to: file)
            let packed = try PackedDataset(file, of: data)
            for index in 0..<4 {
                do { _ = try packed.sample(index) } catch { #expect(error is UserError) }
            }
        }
    }
}
