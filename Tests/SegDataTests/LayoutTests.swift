import Foundation
import SegData
import Support
import Testing
import Vision

/// Each official layout in miniature: images of 4×2, written by the test.
@Suite struct LayoutTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func image(_ paths: String...) throws {
        for path in paths { try Image(width: 4, height: 2, filledWith: 90).write(to: folder[path]) }
    }

    /// Eight values, row by row; the last one is repeated.
    private func labels(_ path: String, _ values: UInt8...) throws {
        let all = values + [UInt8](repeating: values.last!, count: 8 - values.count)
        try LabelMap(width: 4, height: 2, values: all).write(to: folder[path])
    }

    private func numbers(_ path: String, _ values: UInt16...) throws {
        let all = values + [UInt16](repeating: values.last!, count: 8 - values.count)
        try InstanceMap(width: 4, height: 2, values: all).write(to: folder[path])
    }

    private func colors(_ path: String, _ colors: RGB...) throws {
        let all = colors + [RGB](repeating: colors.last!, count: 8 - colors.count)
        try Image(width: 4, height: 2, pixels: all.flatMap { [$0.red, $0.green, $0.blue] }).write(to: folder[path])
    }

    private func open(_ name: String, _ split: String, instances: Bool = false, classes: ClassList? = nil) throws -> any Dataset {
        var options = DatasetOptions(root: folder.url)
        options.instances = instances
        options.classes = classes
        return try DatasetKind.named(name).open(split, options)
    }

    private func names(_ dataset: any Dataset) -> [String] { (0..<dataset.count).map(dataset.name) }

    // MARK: Driving

    @Test func cityscapes() throws {
        try image("leftImg8bit/val/lindau/lindau_0_1_leftImg8bit.png", "leftImg8bit/test/bonn/bonn_0_1_leftImg8bit.png")
        let stem = "gtFine/val/lindau/lindau_0_1_gtFine_"
        try labels(stem + "labelIds.png", 7, 26, 33, 0, 4, 24, 23)
        try numbers(stem + "instanceIds.png", 7, 26001, 33, 0, 24002, 24002, 26001)
        try image(stem + "color.png")
        let data = try open("cityscapes", "val", instances: true)
        #expect(names(data) == ["lindau/lindau_0_1"])
        let sample = try data.sample(0)
        #expect(sample.labels?.values == [0, 13, 18, 255, 255, 11, 10, 10])
        // Person, car, and a group of bicycles.
        let found = sample.instances!.map { [$0.category, $0.mask.area, $0.isCrowd ? 1 : 0, $0.id!] }
        #expect(found == [[7, 1, 1, 33], [0, 2, 0, 24002], [2, 3, 0, 26001]])
        #expect(data.instanceClasses?.names == ["person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"])
        #expect(try open("cityscapes", "test").sample(0).labels == nil)

        try FileManager.default.removeItem(at: folder[stem + "labelIds.png"])
        try labels(stem + "labelTrainIds.png", 0, 18, 255)
        #expect(try open("cityscapes", "val").sample(0).labels?.values.prefix(3) == [0, 18, 255])
        try labels(stem + "labelTrainIds.png", 19)
        #expect { try open("cityscapes", "val").sample(0) } throws: { "\($0)".contains("labelTrainIds.png: expected labels of 19 classes") }
    }

    @Test func foggyCityscapes() throws {
        for density in ["0.02", "0.01", "0.005"] {
            try image("leftImg8bit_foggy/train/ulm/ulm_0_1_leftImg8bit_foggy_beta_\(density).png")
        }
        try labels("gtFine/train/ulm/ulm_0_1_gtFine_labelIds.png", 8)
        for split in ["train", "train/0.02", "train/0.01", "train/0.005"] {
            let data = try open("foggy-cityscapes", split)
            #expect(names(data) == ["ulm/ulm_0_1"])
            #expect(try data.sample(0).labels?.values.first == 1)
        }
    }

    @Test func gta5() throws {
        for number in 1...3 {
            try image("images/0000\(number).png")
            try labels("labels/0000\(number).png", 7, 34, UInt8(10 + number))
        }
        #expect(try open("gta5", "all").sample(0).labels?.values == [0, 255, 2, 2, 2, 2, 2, 2])
        try Data(contentsOf: fixture("split.mat")).write(to: folder["split.mat"])
        #expect(try names(open("gta5", "train")) == ["00001", "00003"])
        #expect(try names(open("gta5", "val")) == ["00002"])
        try FileManager.default.removeItem(at: folder["split.mat"])
        #expect { try open("gta5", "val") } throws: { "\($0)".contains("split.mat") && "\($0)".contains("download.visinf") }
    }

    @Test func synthia() throws {
        try image("RGB/0000001.png")
        try Data(contentsOf: fixture("synthia.png")).write(to: folder["GT/LABELS/0000001.png"])
        // Void, sky, building, road, then a car, a parking slot, a rider and a train.
        #expect(try open("synthia", "all").sample(0).labels?.values == [255, 10, 2, 0, 13, 255, 12, 16])
    }

    @Test func acdc() throws {
        for condition in ["fog", "night", "rain", "snow"] {
            try image(
                "rgb_anon/\(condition)/train/GOPR1/GOPR1_f1_rgb_anon.png", "rgb_anon/\(condition)/train_ref/GOPR1/GOPR1_f1_rgb_ref_anon.png"
            )
            try labels("gt/\(condition)/train/GOPR1/GOPR1_f1_gt_labelTrainIds.png", 3, 255)
        }
        try labels("gt/night/train_ref/GOPR1/GOPR1_f1_gt_ref_labelTrainIds.png", 5)
        let all = try open("acdc", "train")
        #expect(names(all) == ["fog", "night", "rain", "snow"].map { $0 + "/GOPR1/GOPR1_f1" })
        #expect(try all.sample(3).labels?.values == [3] + [UInt8](repeating: 255, count: 7))
        #expect(try names(open("acdc", "rain/train")) == ["rain/GOPR1/GOPR1_f1"])
        let reference = try open("acdc", "train_ref")
        #expect(try (0..<4).map { try reference.sample($0).labels?.values.first } == [nil, 5, nil, nil])
    }

    @Test func darkZurich() throws {
        try image("rgb_anon/train/night/GOPR1/GOPR1_f1_rgb_anon.png", "rgb_anon/train/day/GOPR2/GOPR2_f1_rgb_anon.png")
        try image("rgb_anon/train/twilight/GOPR3/GOPR3_f1_rgb_anon.png", "rgb_anon/val/night/GOPR0356/GOPR0356_f1_rgb_anon.png")
        try labels("gt/val/night/GOPR0356/GOPR0356_f1_gt_labelTrainIds.png", 12)
        #expect(try names(open("dark-zurich", "train")) == ["night/GOPR1/GOPR1_f1", "twilight/GOPR3/GOPR3_f1", "day/GOPR2/GOPR2_f1"])
        #expect(try open("dark-zurich", "train/night").sample(0).labels == nil)
        #expect(try open("dark-zurich", "val").sample(0).labels?.values.first == 12)
    }

    @Test func bdd100k() throws {
        try image("images/10k/train/a.jpg", "images/10k/test/b.jpg")
        try labels("labels/sem_seg/masks/train/a.png", 255, 4)
        #expect(try open("bdd100k", "train").sample(0).labels?.values.prefix(2) == [255, 4])
        #expect(try open("bdd100k", "test").sample(0).labels == nil)
    }

    @Test func bdd100kBefore2020() throws {
        try image("seg/images/val/a.jpg")
        try labels("seg/labels/val/a_train_id.png", 6)
        #expect(try open("bdd100k", "val").sample(0).labels?.values.first == 6)
    }

    @Test func mapillary() throws {
        try image("training/images/a.jpg", "testing/images/b.jpg")
        try labels("training/v1.2/labels/a.png", 13, 55, 65, 64)
        try numbers("training/v1.2/instances/a.png", 13 * 256, 55 * 256 + 1, 65 * 256, 55 * 256 + 2, 13 * 256)
        let data = try open("mapillary", "train", instances: true)
        let sample = try data.sample(0)
        #expect(sample.labels?.values.prefix(4) == [13, 55, 255, 64])
        #expect(sample.instances!.map { data.instanceClasses!.names[$0.category] } == ["Car", "Car"])
        #expect(data.instanceClasses?.count == 37)
        let map = try #require(ClassMap.all(from: data.classes)["cityscapes19"])
        #expect(map(sample.labels!).values.prefix(4) == [0, 13, 255, 255])
        #expect(try open("mapillary", "test").sample(0).labels == nil)
    }

    @Test func idd() throws {
        try image("leftImg8bit/train/0/7_leftImg8bit.png")
        try labels("gtFine/train/0/7_gtFine_labellevel3Ids.png", 0, 9, 25, 255, 8)
        try labels("gtFine/train/0/7_gtFine_labelcsTrainIds.png", 0, 13, 10, 255)
        let data = try open("idd", "train")
        let read = try data.sample(0).labels!
        #expect(read.values.prefix(5) == [0, 9, 25, 255, 8])
        #expect(ClassMap.all(from: data.classes)["cityscapes19"]!(read).values.prefix(5) == [0, 13, 10, 255, 255])
        #expect(ClassMap.all(from: data.classes)["common7"]!(read).values.prefix(5) == [0, 3, 6, 255, 3])
        #expect(try open("idd-cityscapes", "train").sample(0).labels?.values.prefix(4) == [0, 13, 10, 255])
    }

    @Test func iddLite() throws {
        try image("leftImg8bit/val/0/7_image.jpg")
        try labels("gtFine/val/0/7_label.png", 6, 255)
        #expect(try open("idd-lite", "val").sample(0).labels?.values.prefix(2) == [6, 255])
        #expect { try open("idd-lite", "test") } throws: { "\($0)".contains("'idd-lite' has no split 'test'") }
    }

    @Test func camVidAsSegNetShipsIt() throws {
        try image("test/0001TP_008550.png")
        try labels("testannot/0001TP_008550.png", 10, 11, 0)
        #expect(try open("camvid", "test").sample(0).labels?.values.prefix(3) == [10, 255, 0])
    }

    @Test func camVidWithItsColours() throws {
        for name in ["0001TP_006690", "0001TP_008550", "0016E5_07959", "Seq05VD_f00000", "0006R0_f00930", "0016E5_08640"] {
            try image("701_StillsRaw_full/\(name).png")
            // Void, archway, lane marking, sky, child.
            try colors(
                "LabeledApproved_full/\(name)_L.png", RGB(0, 0, 0), RGB(192, 0, 128), RGB(128, 0, 192), RGB(128, 128, 128),
                RGB(192, 128, 64))
        }
        #expect(try names(open("camvid", "train")) == ["0001TP_006690", "0006R0_f00930", "0016E5_08640"])
        #expect(try names(open("camvid", "val")) == ["0016E5_07959"])
        let test = try open("camvid", "test")
        #expect(names(test) == ["0001TP_008550", "Seq05VD_f00000"])
        #expect(try test.sample(0).labels?.values == [255, 1, 3, 0, 9, 9, 9, 9])
        try colors("LabeledApproved_full/0001TP_008550_L.png", RGB(0, 0, 0), RGB(1, 2, 3))
        #expect { try test.sample(0) } throws: { "\($0)".contains("0001TP_008550_L.png: the colour (1, 2, 3) at x 1, y 0") }
    }

    // MARK: Objects

    @Test func voc2012() throws {
        try image("VOCdevkit/VOC2012/JPEGImages/a.jpg", "VOCdevkit/VOC2012/JPEGImages/b.jpg", "VOCdevkit/VOC2012/JPEGImages/c.jpg")
        let base = "VOCdevkit/VOC2012/"
        try labels(base + "SegmentationClass/a.png", 0, 15, 15, 255, 20)
        try labels(base + "SegmentationObject/a.png", 0, 1, 2, 255, 3)
        try labels(base + "SegmentationClassAug/c.png", 7)
        try folder.write("a\n", to: base + "ImageSets/Segmentation/val.txt")
        try folder.write("c\n", to: base + "ImageSets/Segmentation/trainaug.txt")
        let data = try open("voc2012", "val", instances: true)
        let sample = try data.sample(0)
        #expect(names(data) == ["a"] && sample.labels?.values.prefix(5) == [0, 15, 15, 255, 20])
        #expect(sample.instances!.map { data.instanceClasses!.names[$0.category] } == ["person", "person", "tvmonitor"])
        #expect(sample.instances!.map(\.mask.area) == [1, 1, 4])
        #expect(try open("voc2012", "trainaug").sample(0).labels?.values.first == 7)
    }

    @Test func ade20k() throws {
        try image("images/validation/a.jpg")
        try labels("annotations/validation/a.png", 0, 1, 150, 8)
        // Red: class of the hundred, green: number.
        try colors("annotations_instance/validation/a.png", RGB(0, 0, 0), RGB(1, 1, 0), RGB(1, 2, 0), RGB(100, 3, 0), RGB(0, 0, 0))
        let data = try open("ade20k", "val", instances: true)
        let sample = try data.sample(0)
        #expect(sample.labels?.values.prefix(4) == [255, 0, 149, 7])
        #expect(sample.instances!.map { data.instanceClasses!.names[$0.category] } == ["bed", "bed", "flag"])
        #expect(data.instanceClasses?.count == 100)
        try colors("annotations_instance/validation/a.png", RGB(101, 1, 0))
        #expect { try data.sample(0) } throws: { "\($0)".contains("expected classes 1 to 100 in the red channel, found 101") }
        try labels("annotations/validation/a.png", 255, 0, 149)
        #expect { try data.sample(0) } throws: { "\($0)".contains("moved down by one already") }
    }

    @Test func cocoStuff164k() throws {
        try image("images/val2017/000000000001.jpg")
        // Person, tv (number 72), banner (92), wood (182), unlabeled.
        try labels("stuffthingmaps_trainval2017/val2017/000000000001.png", 0, 71, 91, 181, 255)
        let data = try open("coco-stuff164k", "val")
        #expect(try data.sample(0).labels?.values.prefix(5) == [0, 62, 80, 170, 255])
        #expect([0, 62, 80, 170].map { data.classes.names[$0] } == ["person", "tv", "banner", "wood"])
        // Number 12 (street sign) was never used.
        try labels("stuffthingmaps_trainval2017/val2017/000000000001.png", 11)
        #expect(throws: LabelValueError.self) { try data.sample(0) }
    }

    @Test func cocoStuff10k() throws {
        try image("images/COCO_train2014_1.jpg")
        try Data(contentsOf: fixture("cocostuff.mat")).write(to: folder["annotations/COCO_train2014_1.mat"])
        try folder.write("COCO_train2014_1\n", to: "imageLists/test.txt")
        #expect(try open("coco-stuff10k", "test").sample(0).labels?.values == [255, 0, 62, 80, 170, 170, 1, 2])
    }

    // MARK: Others

    @Test(arguments: ["potsdam", "vaihingen"]) func isprsTiles(name: String) throws {
        try image("img_dir/val/a.png")
        try labels("ann_dir/val/a.png", 0, 1, 6)
        #expect(try open(name, "val").sample(0).labels?.values.prefix(3) == [255, 0, 5])
    }

    @Test func isprsWholePictures() throws {
        for area in [2, 4, 6, 8, 10, 12, 14, 16, 20, 22, 24, 27, 29, 31, 33, 35, 38] {
            try image("top/top_mosaic_09cm_area\(area).png")
            try colors("gts_for_participants/top_mosaic_09cm_area\(area).png", RGB(255, 255, 255), RGB(255, 0, 0), RGB(0, 0, 0))
        }
        let data = try open("vaihingen", "val")
        #expect(data.count == 17)
        #expect(try data.sample(0).labels?.values.prefix(3) == [0, 5, 255])
        try FileManager.default.moveItem(at: folder["top/top_mosaic_09cm_area2.png"], to: folder["top/top_mosaic_09cm_area2.tif"])
        #expect { try open("vaihingen", "val") } throws: { "\($0)".contains("area2.tif: TIFF files are not read") }
    }

    @Test func imageNet() throws {
        try image("train/n01/b.JPEG", "train/n02/a.JPEG")
        let data = try open("imagenet", "train")
        #expect(names(data) == ["n01/b", "n02/a"])
        #expect(try data.sample(1).labels == nil)
    }

    @Test func dsb2018WithOneFileAnObject() throws {
        try image("stage1_train/abc/images/abc.png")
        try labels("stage1_train/abc/masks/1.png", 255, 255, 0)
        try labels("stage1_train/abc/masks/2.png", 0, 0, 0, 0, 0, 0, 0, 255)
        let data = try open("dsb2018", "stage1_train", instances: true)
        let sample = try data.sample(0)
        #expect(sample.labels?.values == [1, 1, 0, 0, 0, 0, 0, 1])
        #expect(sample.instances!.map(\.mask.area) == [2, 1])
        #expect(data.classes.names == ["background", "nucleus"])
        #expect(try open("dsb2018", "stage1_train").sample(0).instances == nil)
    }

    @Test func dsb2018WithNumbers() throws {
        try image("images/abc.png", "images/def.png")
        try numbers("instances/abc.png", 0, 300, 300, 2, 0)
        try numbers("instances/def.png", 0, 0)
        try folder.write("abc\n", to: "train.txt")
        let data = try open("dsb2018", "train", instances: true)
        #expect(names(data) == ["abc"])
        #expect(try data.sample(0).instances!.map(\.mask.area) == [1, 2])
        #expect(try data.sample(0).labels?.values == [0, 1, 1, 1, 0, 0, 0, 0])
    }

    @Test func lists() throws {
        try image("far/away/1.jpg", "2.png")
        try labels("elsewhere/1.png", 1, 0)
        try folder.write("# image, labels\nfar/away/1.jpg\telsewhere/1.png\r\n\n2.png\n", to: "train.txt")
        let data = try open("list", "train", classes: ClassList(names: ["a", "b"]))
        #expect(names(data) == ["far/away/1", "2"])
        #expect(try data.sample(0).labels?.values.prefix(2) == [1, 0])
        #expect(try data.sample(1).labels == nil)
        try folder.write("gone.jpg\n", to: "train.txt")
        #expect { try open("list", "train").sample(0) } throws: { "\($0)".contains("gone.jpg: there is no such file") }
    }

    // MARK: All

    /// Whoever points a set at the wrong folder reads what it should hold and where that comes from.
    @Test(arguments: DatasetKind.all.filter { $0.settings.contains(.root) && !$0.splits.isEmpty })
    func missingFoldersAreExplained(kind: DatasetKind) throws {
        var options = DatasetOptions(root: folder.url)
        try FileManager.default.createDirectory(at: folder["something/else"], withIntermediateDirectories: true)
        #expect { try kind.open(kind.splits[0], options) } throws: { error in
            let text = "\(error)"
            let layout = kind.layout.split(separator: "\n")
            return error is UserError && text.contains(folder.url.path) && text.contains("something") && text.contains(kind.source)
                && layout.allSatisfy { text.contains($0) }
        }
        options.root = folder["nowhere"]
        #expect { try kind.open(kind.splits[0], options) } throws: {
            "\($0)".contains("nowhere: there is no such folder; expected \(kind.title)")
        }
    }

    @Test func theTableIsSound() throws {
        let names = DatasetKind.all.map(\.name)
        #expect(Set(names).count == names.count)
        for kind in DatasetKind.all {
            let usual = kind.usual.train + kind.usual.validation + kind.usual.test
            #expect(kind.splits.isEmpty || usual.allSatisfy(kind.splits.contains), "\(kind.name)")
            #expect(Set(kind.classes?.names ?? []).count == kind.classes?.count ?? 0, "\(kind.name)")
            #expect(kind.instanceClasses == nil || kind.settings.contains(.instances), "\(kind.name)")
            let maps = kind.classes.map { ClassMap.all(from: $0) } ?? [:]
            for (target, map) in maps {
                // Every class of the target has a source, but for those that the source does not tell apart.
                #expect(map.indices.contains { $0 != ClassList.ignore }, "\(kind.name) to \(target)")
            }
        }
        #expect { try DatasetKind.named("cityscape") } throws: { "\($0)".contains("Did you mean 'cityscapes'?") }
    }
}
