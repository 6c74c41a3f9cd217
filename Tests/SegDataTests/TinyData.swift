import Foundation
import SegData
import Support
import Vision

/// A folder that is gone when the test ends.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("segdistill-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    subscript(path: String) -> URL {
        let file = url.appendingPathComponent(path)
        try? FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        return file
    }

    func write(_ text: String, to path: String) throws { try text.write(to: self[path], atomically: false, encoding: .utf8) }
}

/// Samples made on the spot; each image's colours and labels tell its index.
struct TinyDataset: Dataset {
    var classes = ClassList(names: ["a", "b", "c", "d"])
    var count: Int
    var width = 24
    var height = 18
    /// This sample throws.
    var broken: Int?
    var sizesDiffer = false
    var unlabelled = false

    func name(_ index: Int) -> String { "tiny/\(index)" }

    func sample(_ index: Int) throws -> Sample {
        if index == broken { throw UserError("tiny/\(index) is broken") }
        let width = sizesDiffer ? width + index : width
        var image = Image(width: width, height: height)
        var labels = LabelMap(width: width, height: height)
        for pixel in 0..<width * height {
            image.pixels[3 * pixel] = UInt8(truncatingIfNeeded: pixel * 5 + index)
            image.pixels[3 * pixel + 1] = UInt8(truncatingIfNeeded: pixel / width * 9)
            image.pixels[3 * pixel + 2] = UInt8(truncatingIfNeeded: index * 40)
            labels.values[pixel] = UInt8((pixel / 7 + index) % 4)
        }
        return Sample(name: name(index), image: image, labels: unlabelled ? nil : labels)
    }
}

/// The same samples, which can only be read whole.
struct Whole: Dataset {
    let base: any Dataset
    var classes: ClassList { base.classes }
    var count: Int { base.count }
    func name(_ index: Int) -> String { base.name(index) }
    func sample(_ index: Int) throws -> Sample { try base.sample(index) }
}

/// A small labelled image on disk.
func writePair(_ folder: TemporaryFolder, image: String, labels: String?, width: Int = 8, height: Int = 6, value: UInt8 = 1) throws {
    try Image(width: width, height: height, filledWith: 90).write(to: folder[image])
    if let labels { try LabelMap(width: width, height: height, filledWith: value).write(to: folder[labels]) }
}

/// `../shared/data` beside the repository, which only some machines have.
let sharedData: URL? = {
    let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let data = root.deletingLastPathComponent().appendingPathComponent("shared/data")
    return FileManager.default.fileExists(atPath: data.path) ? data : nil
}()

/// A picture of any size with structure in every channel.
func pattern(width: Int, height: Int) -> Image {
    var image = Image(width: width, height: height)
    for pixel in 0..<width * height {
        let (x, y) = (pixel % width, pixel / width)
        image.pixels[3 * pixel] = UInt8(truncatingIfNeeded: x * 7 + y)
        image.pixels[3 * pixel + 1] = UInt8(truncatingIfNeeded: y * 5)
        image.pixels[3 * pixel + 2] = UInt8(truncatingIfNeeded: x ^ y)
    }
    return image
}

/// A file of the tests' fixtures.
func fixture(_ name: String) -> URL { Bundle.module.url(forResource: "Fixtures", withExtension: nil)!.appendingPathComponent(name) }
