import Foundation
import SegData
import Support
import Vision

/// A data set in its official layout, with three small pictures: two to train on.
struct MiniatureDataset {
    let root: URL

    /// - Parameter name: of a set that full-scale recipes are written for.
    init(_ name: String, at root: URL) throws {
        self.root = root
        switch name {
        case "cityscapes": try cityscapes()
        case "voc2012": try voc2012()
        case "ade20k": try ade20k()
        case "coco-stuff164k": try cocoStuff164k()
        case "coco-stuff10k": try cocoStuff10k()
        default: throw UserError("there is no miniature of '\(name)'", hint: "Write one here.")
        }
    }

    private func cityscapes() throws {
        for (split, number) in [("train", 0), ("train", 1), ("val", 2)] {
            try picture(
                "leftImg8bit/\(split)/ulm/ulm_\(number)_0_leftImg8bit.png",
                "gtFine/\(split)/ulm/ulm_\(number)_0_gtFine_labelIds.png", [7, 11, 0, 26])
        }
    }

    private func voc2012() throws {
        for (folder, name) in [("SegmentationClassAug", "a"), ("SegmentationClassAug", "b"), ("SegmentationClass", "c")] {
            try picture("JPEGImages/\(name).jpg", "\(folder)/\(name).png", [0, 15, 255, 20])
        }
        try write("a\nb\n", "ImageSets/Segmentation/trainaug.txt")
        try write("c\n", "ImageSets/Segmentation/val.txt")
    }

    private func ade20k() throws {
        for (split, name) in [("training", "a"), ("training", "b"), ("validation", "c")] {
            try picture("images/\(split)/\(name).jpg", "annotations/\(split)/\(name).png", [0, 1, 8, 150])
        }
    }

    private func cocoStuff164k() throws {
        for (split, name) in [("train2017", "1"), ("train2017", "2"), ("val2017", "3")] {
            try picture(
                "images/\(split)/\(name).jpg", "stuffthingmaps_trainval2017/\(split)/\(name).png",
                [0, 91, 181, 255])
        }
    }

    /// Its labels are MATLAB's; the one file of the tests of the data sets, 4×2 pixels, serves all pictures.
    private func cocoStuff10k() throws {
        let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
        let labels = try Data(contentsOf: tests.appendingPathComponent("SegDataTests/Fixtures/cocostuff.mat"))
        for name in ["a", "b", "c"] {
            try Image(width: 4, height: 2, filledWith: 90).write(to: file("images/\(name).jpg"))
            try labels.write(to: file("annotations/\(name).mat"))
        }
        try write("a\nb\n", "imageLists/train.txt")
        try write("c\n", "imageLists/test.txt")
    }

    /// Four fields of 32×24 pixels.
    private func picture(_ image: String, _ labels: String, _ fields: [UInt8]) throws {
        let (width, height) = (64, 48)
        let values = (0..<width * height).map { fields[$0 % width / 32 + 2 * ($0 / width / 24)] }
        try LabelMap(width: width, height: height, values: values).write(to: file(labels))
        let pixels = values.flatMap { [$0, 255 - $0, UInt8($0 / 2 + 60)] }
        try Image(width: width, height: height, pixels: pixels).write(to: file(image))
    }

    private func write(_ text: String, _ path: String) throws { try text.write(to: file(path), atomically: false, encoding: .utf8) }

    private func file(_ path: String) throws -> URL {
        let file = root.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        return file
    }
}
