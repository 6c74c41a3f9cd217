import Foundation
import Support
import Testing
import Vision

@Suite struct CodecTests {
    struct Codecs: Decodable {
        struct Picture: Decodable {
            let name: String
            let file: Data
            let expected: Pixels
        }
        struct Labels: Decodable {
            let name: String
            let file: Data
            let width: Int
            let height: Int
            let values: [UInt16]
        }
        let images: [Picture]
        let labels: [Labels]
    }

    let codecs: Codecs

    init() throws { codecs = try Fixture.load("codecs") }

    @Test func everyPictureDecodesAsPillowDecodesIt() throws {
        #expect(codecs.images.count == 28)
        for picture in codecs.images {
            let image = try Image(decoding: Array(picture.file), name: picture.name)
            // Other builds of libjpeg may round the inverse transform differently by one.
            let tolerance = picture.name.hasSuffix(".png") ? 0 : 1
            #expect(image.difference(from: picture.expected.image) <= tolerance, "\(picture.name)")
        }
    }

    @Test func labelPNGsKeepTheirNumbers() throws {
        for labels in codecs.labels {
            let wide: Raster<UInt16> = try PNG.decodeValues(Array(labels.file), name: labels.name)
            #expect(wide == Raster(width: labels.width, height: labels.height, values: labels.values), "\(labels.name)")
            if !labels.name.hasSuffix("16") {
                let bytes: LabelMap = try PNG.decodeValues(Array(labels.file), name: labels.name)
                #expect(bytes.values == labels.values.map { UInt8($0) }, "\(labels.name)")
            }
        }
    }

    @Test func sixteenBitGreyIsCutToEight() throws {
        for labels in codecs.labels where labels.name.hasSuffix("16") {
            let image = try Image(decoding: Array(labels.file), name: labels.name)
            #expect(image.pixels == labels.values.flatMap { [UInt8](repeating: UInt8($0 >> 8), count: 3) }, "\(labels.name)")
        }
    }

    @Test func valuesThatDoNotFitAByteAreRefused() throws {
        let file = Array(try #require(codecs.labels.first { $0.name == "grey16" }).file)
        #expect { try PNG.decodeValues(file, name: "truth.png", as: UInt8.self) } throws: { error in
            "\(error)".contains("truth.png") && "\(error)".contains("found") && "\(error)".contains("255")
        }
    }

    @Test func colourPicturesAreNoLabels() throws {
        let file = Array(try #require(codecs.images.first { $0.name == "rgb.png" }).file)
        #expect { try PNG.decodeValues(file, name: "truth.png", as: UInt8.self) } throws: { "\($0)".contains("colour picture") }
    }

    @Test(arguments: ["rgb.jpg", "progressive.jpg", "cmyk.jpg", "rgb.png", "interlaced.png", "palette.png"])
    func everyTruncationIsAnErrorThatNamesTheFile(name: String) throws {
        let file = Array(try #require(codecs.images.first { $0.name == name }).file)
        // The last 16 bytes hold PNG's end chunk and JPEG's end marker, without which a picture may still be whole.
        for length in stride(from: 0, to: file.count - 16, by: 3) {
            #expect("\(length) of \(file.count) bytes") {
                try Image(decoding: Array(file[..<length]), name: "folder/\(name)")
            } throws: { ($0 as? UserError)?.message.contains("folder/\(name)") == true }
        }
    }

    @Test func damagedBytesNeverCrash() throws {
        for picture in codecs.images {
            var random = SeededRandom(11)
            for _ in 0..<40 {
                var file = Array(picture.file)
                for _ in 0..<3 { file[random.below(file.count)] = UInt8(random.below(256)) }
                do { _ = try Image(decoding: file, name: picture.name) } catch { #expect(error is UserError) }
            }
        }
    }

    @Test func filesAreKnownByContent() throws {
        let folder = try TemporaryFolder()
        let rgb = try #require(codecs.images.first { $0.name == "rgb.png" })
        let misnamed = folder.url.appendingPathComponent("picture.jpg")
        try rgb.file.write(to: misnamed)
        #expect(try Image(contentsOf: misnamed) == rgb.expected.image)

        let bad: [(String, Data, String)] = [
            ("empty.png", Data(), "empty"), ("page.png", Data("<html>".utf8), "HTML"),
            ("notes.jpg", Data("hello".utf8), "expected a JPEG or PNG"),
            ("animation.png", Data("GIF89a".utf8), "GIF"),
        ]
        for (name, content, word) in bad {
            let url = folder.url.appendingPathComponent(name)
            try content.write(to: url)
            #expect { try Image(contentsOf: url) } throws: { "\($0)".contains(name) && "\($0)".contains(word) }
        }
        let missing = folder.url.appendingPathComponent("missing.png")
        #expect { try Image(contentsOf: missing) } throws: { "\($0)".contains("missing.png: there is no such file") }
        #expect { try Image(contentsOf: folder.url) } throws: { "\($0)".contains("found a folder") }
        #expect { try LabelMap(contentsOf: folder.url.appendingPathComponent("notes.jpg")) } throws: { $0 is UserError }
    }

    @Test func writtenFilesReadBack() throws {
        let folder = try TemporaryFolder()
        let image = pattern(width: 33, height: 21)
        let png = folder.url.appendingPathComponent("a.png")
        try image.write(to: png)
        #expect(try Image(contentsOf: png) == image)

        let jpeg = folder.url.appendingPathComponent("a.jpg")
        let smooth = image.resized(width: 8, height: 8).resized(width: 64, height: 64)
        try smooth.write(to: jpeg, quality: 95)
        #expect(try Image(contentsOf: jpeg).difference(from: smooth) <= 12)
        #expect(try Array(Data(contentsOf: jpeg)).starts(with: [0xFF, 0xD8]))

        let labels = LabelMap(width: 16, height: 16, values: (0...255).map { UInt8($0) })
        let indexed = folder.url.appendingPathComponent("labels.png")
        try labels.write(to: indexed, palette: .pascalVOC)
        #expect(try LabelMap(contentsOf: indexed) == labels)
        #expect(try Image(contentsOf: indexed) == Image(coloring: labels, with: .pascalVOC))

        let instances = InstanceMap(width: 3, height: 1, values: [0, 1, 65535])
        let wide = folder.url.appendingPathComponent("instances.png")
        try instances.write(to: wide)
        #expect(try InstanceMap(contentsOf: wide) == instances)
    }

    @Test func jpegDecodesSmallerWhereThatSuffices() throws {
        let large = pattern(width: 16, height: 12).resized(width: 160, height: 120)
        let file = try Array(JPEG.encode(large, quality: 95))
        let encoded = try EncodedImage(file, name: "large.jpg")
        #expect(encoded.divisor(forAtLeast: 80, 60) == 2)
        #expect(encoded.divisor(forAtLeast: 81, 60) == 1)
        #expect(encoded.divisor(forAtLeast: 1, 1) == 8)
        let half = try encoded.decode(PixelRegion(columns: 0..<80, rows: 0..<60), divisor: 2).content
        #expect((half.width, half.height) == (80, 60))
        #expect(half.difference(from: large.resized(width: 80, height: 60)) <= 16)
    }
}

/// A folder that is gone when the test ends.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("segdistill-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
