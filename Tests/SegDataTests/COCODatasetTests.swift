import Foundation
import SegData
import Support
import Testing
import Vision

/// COCO's layout in miniature, and one's own files in its format.
@Suite struct COCODatasetTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ name: String, _ split: String, leavingOut: Bool = false) throws -> any Dataset {
        var options = DatasetOptions(root: folder.url)
        options.instances = true
        options.leavesOutUnpaired = leavingOut
        return try DatasetKind.named(name).open(split, options)
    }

    /// An image of 20×10 with the annotations given, and categories 3 (cat) and 9 (dog).
    private func write(_ annotations: [String], to path: String, images: String = "images/val/1.png") throws {
        try Image(width: 20, height: 10).write(to: folder[images])
        let json = """
            {"images": [{"id": 7, "file_name": "1.png", "width": 20, "height": 10}],
             "categories": [{"id": 9, "name": "dog"}, {"id": 3, "name": "cat"}],
             "annotations": [\(annotations.joined(separator: ","))]}
            """
        try folder.write(json, to: path)
    }

    private let box =
        "{\"id\": 1, \"image_id\": 7, \"category_id\": 9, \"iscrowd\": 0, \"area\": 50, \"bbox\": [2, 2, 10, 5], "
        + "\"segmentation\": [[2, 2, 12, 2, 12, 7, 2, 7]]}"
    private let crowd =
        "{\"id\": 2, \"image_id\": 7, \"category_id\": 3, \"iscrowd\": 1, \"area\": 20, \"bbox\": [0, 0, 2, 10], "
        + "\"segmentation\": {\"size\": [10, 20], \"counts\": [0, 20, 180]}}"

    @Test func objectsAreReadAndPainted() throws {
        try write([box, crowd], to: "annotations/instances_val.json")
        let data = try open("coco-json", "val")
        #expect(data.instanceClasses?.names == ["cat", "dog"])
        #expect(data.classes.names == ["background", "cat", "dog"])
        let sample = try data.sample(0)
        #expect(data.name(0) == "1")
        let found = (sample.instances ?? []).map { [$0.category, $0.id!, $0.mask.area, $0.isCrowd ? 1 : 0] }
        #expect(found == [[1, 1, 50, 0], [0, 2, 20, 1]])
        let histogram = sample.labels!.histogram
        let counts = [histogram[0], histogram[1], histogram[2], histogram[255]]
        #expect(counts == [130, 0, 50, 20])
        #expect(DatasetCheck(data).problems.isEmpty)
    }

    @Test(arguments: ["images/val/1.png", "images/1.png", "1.png"])
    func namesStartFromTheFolderThatHasTheFirstImage(_ place: String) throws {
        try write([box], to: "val.json", images: place)
        #expect(try open("coco-json", "val").sample(0).instances?.count == 1)
        try FileManager.default.removeItem(at: folder[place])
        #expect { try open("coco-json", "val") } throws: { "\($0)".contains("val.json: expected its first image as") }
    }

    @Test func badAnnotationsAreRefusedOrLeftOut() throws {
        let bad = [
            box.replacingOccurrences(of: "\"id\": 1", with: "\"id\": 11").replacingOccurrences(
                of: "\"category_id\": 9", with: "\"category_id\": 4"),
            box.replacingOccurrences(of: "\"id\": 1", with: "\"id\": 12").replacingOccurrences(of: "\"area\": 50", with: "\"area\": -50"),
            box.replacingOccurrences(of: "\"id\": 1", with: "\"id\": 13").replacingOccurrences(of: "12, 7", with: "1200, 7"),
            crowd.replacingOccurrences(of: "\"id\": 2", with: "\"id\": 14").replacingOccurrences(of: "[10, 20]", with: "[20, 10]"),
        ]
        for annotation in bad {
            try write([box, annotation], to: "val.json")
            #expect { try open("coco-json", "val") } throws: { "\($0)".contains("val.json: annotation 1") }
        }
        try write([box] + bad, to: "val.json")
        let data = try open("coco-json", "val", leavingOut: true)
        #expect(data.leftOut.count == 4)
        #expect(try data.sample(0).instances?.map(\.id) == [1])
        #expect(DatasetCheck(data).problems.count == 4)
    }

    @Test func filesThatAreCutShort() throws {
        try write([box, crowd], to: "val.json")
        let whole = try Data(contentsOf: folder["val.json"])
        try whole.prefix(whole.count - 40).write(to: folder["val.json"])
        #expect { try open("coco-json", "val") } throws: { "\($0)".contains("val.json") }
    }

    @Test func imagesOfAnotherSize() throws {
        try write([box], to: "val.json")
        try Image(width: 10, height: 20).write(to: folder["images/val/1.png"])
        let data = try open("coco-json", "val")
        #expect { try data.sample(0) } throws: { "\($0)".contains("images/val/1.png: expected 20×10 as its annotations say, found 10×20") }
    }

    @Test func cocosOwnLayout() throws {
        try write([], to: "annotations/instances_val2017.json", images: "val2017/1.png")
        #expect { try open("coco", "val") } throws: { "\($0)".contains("expected COCO's 80 categories, found 2") }
        let categories = zip(ClassList.cocoIDs, ClassList.coco80.names).map { "{\"id\": \($0), \"name\": \"\($1)\"}" }
        let json = """
            {"images": [{"id": 7, "file_name": "1.png", "width": 20, "height": 10}], "categories": [\(categories.joined(separator: ","))],
             "annotations": [\(box.replacingOccurrences(of: "\"category_id\": 9", with: "\"category_id\": 90"))]}
            """
        try folder.write(json, to: "annotations/instances_val2017.json")
        let sample = try open("coco", "val").sample(0)
        #expect(sample.instances?.map(\.category) == [79])
        #expect(sample.labels?.histogram[80] == 50)
    }
}
