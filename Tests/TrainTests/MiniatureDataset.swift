import Foundation
import SegData
import Support
import Vision

/// A data set in its official layout, with three small pictures: two to train on.
struct MiniatureDataset {
    let root: URL
    /// Files of the tests of the data sets.
    private static let fixtures = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("SegDataTests/Fixtures")

    /// - Parameter name: of a set that full-scale recipes are written for.
    init(_ name: String, at root: URL) throws {
        self.root = root
        switch name {
        case "cityscapes": try cityscapes()
        case "voc2012": try voc2012()
        case "ade20k": try ade20k()
        case "coco-stuff164k": try cocoStuff164k()
        case "coco-stuff10k": try cocoStuff10k()
        case "gta5": try gta5()
        case "bdd100k": try bdd100k()
        case "mapillary": try mapillary()
        case "acdc": try acdc()
        case "potsdam", "vaihingen": try tiles()
        case "imagenet": try photographs()
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
        let labels = try Data(contentsOf: Self.fixtures.appendingPathComponent("cocostuff.mat"))
        for name in ["a", "b", "c"] {
            try Image(width: 4, height: 2, filledWith: 90).write(to: file("images/\(name).jpg"))
            try labels.write(to: file("annotations/\(name).mat"))
        }
        try write("a\nb\n", "imageLists/train.txt")
        try write("c\n", "imageLists/test.txt")
    }

    /// The split is the one of the tests of the data sets: 1 and 3 to train on, 2 to validate.
    private func gta5() throws {
        for number in 1...3 { try picture("images/0000\(number).png", "labels/0000\(number).png", [7, 11, 0, 26]) }
        try Data(contentsOf: Self.fixtures.appendingPathComponent("split.mat")).write(to: file("split.mat"))
    }

    private func bdd100k() throws { try picture("images/10k/val/a.jpg", "labels/sem_seg/masks/val/a.png", [0, 2, 255, 13]) }

    private func mapillary() throws { try picture("validation/images/a.jpg", "validation/v1.2/labels/a.png", [13, 17, 65, 55]) }

    private func acdc() throws {
        for condition in ["fog", "night", "rain", "snow"] {
            try picture(
                "rgb_anon/\(condition)/val/GOPR1/GOPR1_f1_rgb_anon.png", "gt/\(condition)/val/GOPR1/GOPR1_f1_gt_labelTrainIds.png",
                [0, 2, 255, 13])
        }
    }

    private func tiles() throws {
        for (split, name) in [("train", "a"), ("train", "b"), ("val", "c")] {
            try picture("img_dir/\(split)/\(name).png", "ann_dir/\(split)/\(name).png", [0, 1, 2, 6])
        }
    }

    /// Without labels; sides that an image classifier's patches fit.
    private func photographs() throws {
        for (name, grey) in [("train/a", 40), ("train/b", 90), ("val/c", 160)] as [(String, UInt8)] {
            try Image(width: 140, height: 120, filledWith: grey).write(to: file("\(name).png"))
        }
    }

    /// Four fields of 32×24 pixels, in a shade that no other picture has.
    private func picture(_ image: String, _ labels: String, _ fields: [UInt8]) throws {
        let (width, height) = (64, 48)
        let values = (0..<width * height).map { fields[$0 % width / 32 + 2 * ($0 / width / 24)] }
        try LabelMap(width: width, height: height, values: values).write(to: file(labels))
        let shade = "\(root.lastPathComponent)/\(image)".utf8.reduce(UInt8(0)) { $0 &* 31 &+ $1 }
        let pixels = values.flatMap { [$0, 255 - $0, shade &+ $0 / 2] }
        try Image(width: width, height: height, pixels: pixels).write(to: file(image))
    }

    private func write(_ text: String, _ path: String) throws { try text.write(to: file(path), atomically: false, encoding: .utf8) }

    private func file(_ path: String) throws -> URL {
        let file = root.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        return file
    }
}
