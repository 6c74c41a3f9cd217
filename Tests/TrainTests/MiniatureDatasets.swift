import Foundation
import SegData
import Vision

/// The official layouts of the sets that recipes are written for, with a few small pictures.
struct MiniatureDatasets {
    let root: URL

    init(in root: URL) throws {
        self.root = root
        try cityscapes()
        try voc2012()
        try ade20k()
        try cocoStuff164k()
        try cocoStuff10k()
    }

    private func cityscapes() throws {
        for (split, number) in [("train", 0), ("train", 1), ("val", 2)] {
            try picture(
                "cityscapes/leftImg8bit/\(split)/ulm/ulm_\(number)_0_leftImg8bit.png",
                "cityscapes/gtFine/\(split)/ulm/ulm_\(number)_0_gtFine_labelIds.png", [7, 11, 0, 26])
        }
    }

    private func voc2012() throws {
        for (folder, name) in [("SegmentationClassAug", "a"), ("SegmentationClassAug", "b"), ("SegmentationClass", "c")] {
            try picture("voc2012/JPEGImages/\(name).jpg", "voc2012/\(folder)/\(name).png", [0, 15, 255, 20])
        }
        try write("a\nb\n", "voc2012/ImageSets/Segmentation/trainaug.txt")
        try write("c\n", "voc2012/ImageSets/Segmentation/val.txt")
    }

    private func ade20k() throws {
        for (split, name) in [("training", "a"), ("training", "b"), ("validation", "c")] {
            try picture("ade20k/images/\(split)/\(name).jpg", "ade20k/annotations/\(split)/\(name).png", [0, 1, 8, 150])
        }
    }

    private func cocoStuff164k() throws {
        for (split, name) in [("train2017", "1"), ("train2017", "2"), ("val2017", "3")] {
            try picture(
                "coco-stuff164k/images/\(split)/\(name).jpg", "coco-stuff164k/stuffthingmaps_trainval2017/\(split)/\(name).png",
                [0, 91, 181, 255])
        }
    }

    /// Its labels are MATLAB's; the one file of the tests of the data sets, 4×2 pixels, serves all pictures.
    private func cocoStuff10k() throws {
        let tests = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
        let labels = try Data(contentsOf: tests.appendingPathComponent("SegDataTests/Fixtures/cocostuff.mat"))
        for name in ["a", "b", "c"] {
            try Image(width: 4, height: 2, filledWith: 90).write(to: file("coco-stuff10k/images/\(name).jpg"))
            try labels.write(to: file("coco-stuff10k/annotations/\(name).mat"))
        }
        try write("a\nb\n", "coco-stuff10k/imageLists/train.txt")
        try write("c\n", "coco-stuff10k/imageLists/test.txt")
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
