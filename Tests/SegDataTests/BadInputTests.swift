import Foundation
import SegData
import Support
import Testing
import Vision

/// Files that are not what they should be: each refusal names the file; what can be read is read.
@Suite struct BadInputTests {
    let folder: TemporaryFolder
    let classes = ClassList(names: ["road", "sky"])

    init() throws { folder = try TemporaryFolder() }

    /// The message for a pair of which the test has written the image or the labels.
    private func refusal() throws -> String {
        let item = FileDataset.Item(name: "a", image: folder["images/a.jpg"], labels: folder["labels/a.png"])
        if !FileManager.default.fileExists(atPath: item.image.path) { try Image(width: 8, height: 6).write(to: item.image) }
        if !FileManager.default.fileExists(atPath: item.labels!.path) { try LabelMap(width: 8, height: 6).write(to: item.labels!) }
        do {
            _ = try FileDataset(items: [item], classes: classes).sample(0)
            return "accepted"
        } catch { return "\(error)" }
    }

    @Test(arguments: ["images/a.jpg", "labels/a.png"]) func brokenFiles(file: String) throws {
        let url = folder[file]
        let values = (0..<64 * 48).map { UInt8($0 * $0 % 251 % 2) }
        let isImage = file.hasPrefix("images")
        let whole = try isImage ? JPEG.encode(pattern(width: 64, height: 48)) : PNG.encode(LabelMap(width: 64, height: 48, values: values))
        func message(_ content: Data) throws -> String {
            try content.write(to: url)
            let text = try refusal()
            #expect(text.contains(url.path), "\(text)")
            return text
        }
        #expect(try message(Data()).contains("the file is empty"))
        #expect(try message(whole.prefix(whole.count / 2)).contains("damaged or cut short"))
        #expect(try message(whole.prefix(3)).contains(isImage ? "damaged or cut short" : "something else"))
        #expect(try message(Data("<html>404</html>".utf8)).contains("found a HTML or XML file"))
        #expect(try message(Data("II*\0 tiff".utf8)).contains("found a TIFF file"))
        try FileManager.default.removeItem(at: url)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        #expect(try refusal().contains("\(url.path): expected an image file, found a folder"))
    }

    @Test func everyCutOfAJPEGIsNamed() throws {
        let whole = try JPEG.encode(pattern(width: 8, height: 6))
        for count in stride(from: 0, to: whole.count - 2, by: 3) {
            try whole.prefix(count).write(to: folder["images/a.jpg"])
            let text = try refusal()
            #expect(text.contains("images/a.jpg: ") && !text.contains("268 million"), "\(count): \(text)")
        }
    }

    @Test func contentDecidesNotTheExtension() throws {
        try PNG.encode(Image(width: 8, height: 6)).write(to: folder["images/a.jpg"])
        #expect(try refusal() == "accepted")
        try JPEG.encode(Image(width: 8, height: 6)).write(to: folder["labels/a.png"])
        #expect(try refusal().contains("labels/a.png: expected a label PNG, found a JPEG"))
    }

    @Test func coloursInPlaceOfClasses() throws {
        try Image(width: 8, height: 6).write(to: folder["labels/a.png"])
        #expect(try refusal().contains("labels/a.png: expected a grey or palette PNG"))
    }

    @Test func imagesOf16BitsAndOfFourInksAreRead() throws {
        try FileManager.default.copyItem(at: fixture("cmyk.jpg"), to: folder["images/a.jpg"])
        let item = FileDataset.Item(name: "a", image: folder["images/a.jpg"], labels: nil)
        let pixels = try FileDataset(items: [item], classes: classes).sample(0).image.pixels
        #expect(zip(pixels, [200, 100, 50]).allSatisfy { abs(Int($0) - $1) <= 3 })
        // 16 bits a channel, with the numbers 0 to 20 in its red: all of them dark.
        let wide = FileDataset.Item(name: "b", image: fixture("synthia.png"), labels: nil)
        #expect(try FileDataset(items: [wide], classes: classes).sample(0).image.width == 4)
    }

    @Test func labelsOf16Bits() throws {
        try InstanceMap(width: 8, height: 6, filledWith: 1).write(to: folder["labels/a.png"])
        #expect(try refusal() == "accepted")
        try InstanceMap(width: 8, height: 6, filledWith: 300).write(to: folder["labels/a.png"])
        #expect(try refusal().contains("labels/a.png: expected values up to 255, found 300"))
    }

    // MARK: Polygons

    private func polygons(_ text: String, instances: Bool = true) throws -> Result<Sample, any Error> {
        try Image(width: 20, height: 10).write(to: folder["images/val/1.jpg"])
        try folder.write(text, to: "labels/val/1.txt")
        var options = DatasetOptions(root: folder.url)
        options.classes = classes
        options.instances = instances
        let data = try DatasetKind.named("yolo").open("val", options)
        return Result { try data.sample(0) }
    }

    @Test func polygonsAreDrawn() throws {
        let sample = try polygons("1 0.1 0.2 0.6 0.2 0.6 0.7 0.1 0.7\n\n0 0.5 0 1 0 1 1 0.5 1\n").get()
        #expect(sample.instances?.map(\.category) == [1, 0])
        #expect(sample.instances?.map(\.mask.area) == [50, 100])
        // Background, then the classes; the smaller object is seen where both are.
        let found = sample.labels?.histogram.prefix(3).map { $0 }
        #expect(found == [60, 90, 50])
        #expect(try polygons("").get().labels?.histogram[0] == 200)
    }

    /// Three triangles of classes 0 and 1, that would be one polygon of ten corners.
    @Test func linesEndAsOnWindows() throws {
        let line = " 0.1 0.2 0.6 0.2 0.6 0.7\r\n"
        let sample = try polygons("0" + line + "1" + line + "0" + line).get()
        #expect(sample.instances?.map(\.category) == [0, 1, 0] && sample.instances?.allSatisfy { $0.mask.area < 40 } == true)
    }

    @Test(arguments: [
        ("2 0 0 1 0 1 1", ":1: expected a class from 0 to 1, found '2'"),
        ("0 0 0 1 0 1 1\nx 0 0", ":2: expected a class from 0 to 1, found 'x'"),
        ("0 0.5 0.5 0.2 0.2", "Four numbers are a box"),
        ("0 0 0 1 0 1", "at least three corners"),
        ("0 0 0 1 0 1 1.0.0", "at least three corners"),
        ("0 0 0 640 0 640 480", "the polygon leaves the image: a corner at 640"),
        ("0 0 0 -0.4 0 1 1", "the polygon leaves the image: a corner at -0.4"),
        ("0 0 0 nan 0 1 1", "the polygon leaves the image"),
    ]) func brokenPolygons(text: String, message: String) throws {
        let result = try polygons(text)
        #expect { try result.get() } throws: { "\($0)".contains("labels/val/1.txt") && "\($0)".contains(message) }
    }

    @Test func namesOfYOLOsOwnFile() throws {
        for text in ["names: [road, 'sky']\n", "path: x\nnames:\n  0: road\n  1: sky\nnc: 2\n", "nc: 2\nnames:\n- road\n- \"sky\"\n"] {
            try folder.write(text, to: "data.yaml")
            #expect(try ClassFile(contentsOf: folder["data.yaml"]).classes.names == ["road", "sky"])
        }
        let many = (0..<300).map { "class \($0)" }
        try folder.write("names: [\(many.joined(separator: ", "))]\n", to: "data.yaml")
        try folder.write("{\"classes\": [\(many.map { "\"\($0)\"" }.joined(separator: ", "))]}", to: "classes.json")
        for name in ["data.yaml", "classes.json"] {
            #expect { try ClassFile(contentsOf: folder[name]) } throws: { "\($0)".contains("expected 1 to 254 classes, found 300") }
        }
        try folder.write("names:\n  0: road\n  2: sky\n", to: "data.yaml")
        #expect { try ClassFile(contentsOf: folder["data.yaml"]) } throws: { "\($0)".contains("data.yaml: expected '1: NAME'") }
    }
}
