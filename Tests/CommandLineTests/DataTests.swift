import Foundation
import Testing
import Vision

@Suite struct DataTests {
    /// Three images of 8×6 with two classes.
    private func writeData(_ folder: URL, labels: [UInt8]) throws {
        for sub in ["images", "labels"] {
            try FileManager.default.createDirectory(at: folder.appendingPathComponent(sub), withIntermediateDirectories: true)
        }
        for (index, value) in labels.enumerated() {
            try Image(width: 8, height: 6).write(to: folder.appendingPathComponent("images/\(index).png"))
            try LabelMap(width: 8, height: 6, filledWith: value).write(to: folder.appendingPathComponent("labels/\(index).png"))
        }
        try "road\ncar\n".write(to: folder.appendingPathComponent("classes.txt"), atomically: true, encoding: .utf8)
    }

    @Test func soundFolder() throws {
        try withFolder { folder in
            try writeData(folder, labels: [0, 1, 255])
            let check = try Tool.run("data", "check", folder.path)
            #expect(check.status == 0)
            #expect(check.output == ".: 3 images, in order\n")
            let stats = try Tool.run("data", "stats", folder.path)
            #expect(stats.output.contains(".: 3 images, 3 of 8×6 (width × height)\n"))
            #expect(stats.output.contains("    0  road          33.33       1\n"))
            #expect(stats.output.contains("  255  (ignored)     33.33\n"))
        }
    }

    @Test func brokenFolder() throws {
        try withFolder { folder in
            try writeData(folder, labels: [0, 1, 7])
            try Data([0xFF, 0xD8, 0xFF]).write(to: folder.appendingPathComponent("images/1.png"))
            let result = try Tool.run("data", "check", folder.path)
            #expect(result.status == 65)
            #expect(result.output.contains("labels/2.png: expected labels of 2 classes (road, car), found 7"))
            #expect(result.output.contains("images/1.png"))
            #expect(result.output.contains(".: 3 images, 1 in order, 2 unusable\n"))
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
        #expect(result.output.hasPrefix("val: 2 images, in order\n"))
    }
}
