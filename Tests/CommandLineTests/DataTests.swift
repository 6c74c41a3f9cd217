import Foundation
import Testing
import Vision

@Suite struct DataTests {
    /// Images of 8×6 with two classes; each image has a pattern of its own.
    private func writeData(_ folder: URL, labels: [UInt8]) throws {
        for sub in ["images", "labels"] {
            try FileManager.default.createDirectory(at: folder.appendingPathComponent(sub), withIntermediateDirectories: true)
        }
        for (index, value) in labels.enumerated() {
            var image = Image(width: 8, height: 6)
            for pixel in image.pixels.indices { image.pixels[pixel] = UInt8(truncatingIfNeeded: (pixel / 3 + 1) * (37 * index + 11)) }
            try image.write(to: folder.appendingPathComponent("images/\(index).png"))
            try LabelMap(width: 8, height: 6, filledWith: value).write(to: folder.appendingPathComponent("labels/\(index).png"))
        }
        try "road\ncar\n".write(to: folder.appendingPathComponent("classes.txt"), atomically: true, encoding: .utf8)
    }

    @Test func soundFolder() throws {
        try withFolder { folder in
            try writeData(folder, labels: [0, 1, 0])
            let check = try Tool.run("data", "check", folder.path)
            #expect(check.status == 0)
            #expect(check.output == ".: 3 images, in order, 3 of 8×6\n")
            let stats = try Tool.run("data", "stats", folder.path)
            #expect(stats.output.contains(".: 3 images, 3 of 8×6 (width × height)\n"))
            #expect(stats.output.contains("    0  road          66.67       2\n"))
            #expect(stats.output.contains("  255  (ignored)      0.00\n"))
        }
    }

    @Test func brokenFolder() throws {
        try withFolder { folder in
            try writeData(folder, labels: [0, 1, 7, 0])
            try Data([0xFF, 0xD8, 0xFF]).write(to: folder.appendingPathComponent("images/1.png"))
            try FileManager.default.removeItem(at: folder.appendingPathComponent("labels/3.png"))
            let page = folder.appendingPathComponent("page")
            let result = try Tool.run("data", "check", folder.path, "--pictures", page.path)
            #expect(result.status == 65)
            #expect(result.output.hasPrefix(".: 3 images, 1 in order, 2 unusable, 1 of 8×6\n"))
            for line in [
                ".      missing pair               1  ", ".      broken file                1  ", ".      ids out of range           1  ",
                "labels/2.png: expected labels of 2 classes (road, car), found 7", "images/3.png: the image has no labels",
            ] { #expect(result.output.contains(line), "\(line)") }
            #expect(FileManager.default.fileExists(atPath: page.appendingPathComponent("check.html").path))
        }
    }

    @Test func warningsAreNoFaults() throws {
        try withFolder { folder in
            try writeData(folder, labels: [0, 0, 255])
            let result = try Tool.run("data", "check", folder.path)
            #expect(result.status == 0)
            #expect(result.output.contains("warning: car is 255"))
        }
    }

    @Test func knownSets() throws {
        let list = try Tool.run("data", "list")
        #expect(list.output.contains("cityscapes             19        8  train val test …"))
        let show = try Tool.run("data", "show", "cityscapes")
        for text in ["leftImg8bit/SPLIT/CITY/*_leftImg8bit.png", "https://www.cityscapes-dataset.com", "  13  car *  (0, 0, 142)"] {
            #expect(show.output.contains(text))
        }
        #expect(try Tool.run("data", "show", "cityscape").errors.contains("Did you mean 'cityscapes'?"))
        let wrong = try Tool.run("data", "check", "cityscapes:/tmp")
        #expect(wrong.status == 65)
        #expect(wrong.errors.contains("gtFine/SPLIT/CITY"))
    }

    @Test func packedFolder() throws {
        try withFolder { folder in
            try writeData(folder, labels: [0, 1, 255])
            let file = folder.appendingPathComponent("all.pack").path
            let packed = try Tool.run("data", "pack", folder.path, "--out", file)
            #expect(packed.status == 0)
            #expect(packed.output.hasPrefix("\(file): 3 images, "))
            #expect(packed.output.hasSuffix("data.packed: \(file)\n"))
            #expect(FileManager.default.fileExists(atPath: file))
            #expect(try Tool.run("data", "pack", folder.path, "--out", file, "--quality", "0").status == 64)
        }
    }

    @Test func unknownData() throws {
        let result = try Tool.run("data", "check", "street-scene")
        #expect(result.status == 65)
        #expect(
            result.errors.hasPrefix(
                "segdistill: there is no data 'street-scene': it is neither a folder nor a known name\n  Did you mean street-scenes?"))
    }

    @Test func builtInData() throws {
        let result = try Tool.run("data", "check", "street-scenes", "--limit", "2", "--split", "val")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("val: 2 images, in order, 2 of 480×360, "))
        #expect(result.output.contains(" objects\n"))
    }
}
