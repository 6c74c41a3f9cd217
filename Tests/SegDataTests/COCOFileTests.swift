import Foundation
import SegData
import Support
import Testing
import Vision

@Suite("COCO's JSON")
struct COCOFileTests {
    private static let images = #""images":[{"width":6,"id":3,"height":4,"file_name":"a\u00e4\"b.jpg","license":[1,{"x":null}]}]"#
    private static let categories = #""categories":[{"id":7,"name":"cat","supercategory":"animal"}]"#

    private func file(_ annotations: String, images: String = images, categories: String = categories) throws -> COCOFile {
        try COCOFile(decoding: Array("{\(images),\"annotations\":[\(annotations)],\(categories)}".utf8), name: "mine.json")
    }

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return (error as? UserError)?.message ?? "\(error)" }
    }

    @Test("Polygons, plain and compressed runs, boxes alone; any order of keys")
    func forms() throws {
        let mask = RunLengthMask(width: 6, height: 4, counts: [5, 2, 17])
        let string = mask.cocoString.replacingOccurrences(of: "\\", with: "\\\\")
        let read = try file(
            """
            {"segmentation":{"counts":"\(string)","size":[4,6]},"image_id":3,"category_id":7,"id":10,"iscrowd":1,"area":2.5e0},
            {"id":11,"image_id":3,"category_id":7,"segmentation":{"size":[4,6],"counts":[5,2,17]},"bbox":[1,1,1,2.0]},
            {"id":12,"image_id":3,"category_id":7,"segmentation":[[1,1,4,1,4,3,1,3]], "keypoints":[1,2,{}]},
            {"id":13,"image_id":3,"category_id":7,"segmentation":[],"area":null}
            """)
        #expect(read.images == [COCOImage(id: 3, fileName: "aä\"b.jpg", width: 6, height: 4)])
        #expect(read.categories == [COCOCategory(id: 7, name: "cat", supercategory: "animal")])
        #expect(read.annotations.map(\.segmentation) == [.runs(mask), .runs(mask), .polygons([[1, 1, 4, 1, 4, 3, 1, 3]]), .none])
        #expect(read.annotations[0].isCrowd && read.annotations[0].area == 2.5)
        #expect(read.annotations[1].box == Box(x: 1, y: 1, width: 1, height: 2))
        #expect(read.annotationsByImage == [[0, 1, 2, 3]])
        let instances = read.instances(of: 0, annotations: [1, 2], category: { $0 == 7 ? 0 : nil })
        #expect(instances.map(\.mask.area) == [2, 6])
        #expect(instances.map(\.id) == [11, 12])
    }

    @Test("A whole file of detections: images and categories are known by their names")
    func resultsByName() throws {
        let truth = try file("", images: #""images":[{"width":6,"id":3,"height":4,"file_name":"images/a.b.png"}]"#)
        func results(_ name: String = "a.b.jpg", height: Int = 4, category: String = "cat", score: String = #","score":0.5"#) throws
            -> [COCOAnnotation]
        {
            let text = """
                 {"images":[{"id":1,"width":6,"height":\(height),"file_name":"\(name)"}],
                "annotations":[{"id":9,"image_id":1,"category_id":2,"bbox":[1,1,2,2]\(score)}],"categories":[{"id":2,"name":"\(category)"}]}
                """
            return try truth.results(decoding: Array(text.utf8), name: "found.json")
        }
        let box = Box(x: 1, y: 1, width: 2, height: 2)
        #expect(try results() == [COCOAnnotation(id: 1, image: 3, category: 7, box: box, score: 0.5)])
        #expect(try results("a.b").map(\.image) == [3])
        #expect(try results(category: "dog").map(\.category) == [8])
        #expect(message { _ = try results("b.png") } == "found.json: there is no image 'b' in the truth")
        #expect(message { _ = try results(height: 5) } == "found.json: the image 'a.b' has 6×5, in the truth 6×4")
        #expect(message { _ = try results(score: "") } == "found.json: annotation 9 has no score")
    }

    @Test("What is written is read again")
    func roundTrip() throws {
        var random = SeededRandom(5)
        var source = COCOFile(categories: [COCOCategory(id: 1, name: "a \"b\" \\ ü\n"), COCOCategory(id: 9, name: "c", isThing: true)])
        for id in 1...4 {
            source.images.append(COCOImage(id: id, fileName: "\(id).png", width: 9, height: 7))
            let map = LabelMap(width: 9, height: 7, values: (0..<63).map { _ in UInt8(random.below(2)) })
            source.annotations.append(
                COCOAnnotation(
                    id: 2 * id, image: id, category: 9, segmentation: .runs(RunLengthMask(map, where: 1)), area: 0.1 * Double(id),
                    box: Box(x: 1 / 3, y: 0, width: 1e-7, height: 7), isCrowd: id == 2))
            source.annotations.append(
                COCOAnnotation(id: 2 * id + 1, image: id, category: 1, segmentation: .polygons([[0.1, 0, 8.25, 1, 3, 6.999]])))
        }
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("coco-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: url) }
        try source.write(to: url)
        #expect(try COCOFile(contentsOf: url) == source)

        var detections = source.annotations
        for index in detections.indices {
            detections[index].id = index + 1
            (detections[index].area, detections[index].isCrowd) = (nil, false)
            detections[index].score = random.unit()
        }
        try COCOFile.writeResults(detections, to: url)
        #expect(try source.results(contentsOf: url) == detections)
    }

    @Test("A file cut short is said to be, wherever the cut is")
    func cutShort() throws {
        let whole = Array(
            "{\(Self.images),\"annotations\":[{\"id\":1,\"image_id\":3,\"category_id\":7,\"area\":-0.5e-3}],\(Self.categories)}".utf8)
        for length in 1..<whole.count {
            let text = message { _ = try COCOFile(decoding: Array(whole.prefix(length)), name: "mine.json") }
            #expect(text.hasPrefix("mine.json") && text.contains("cut short"), "after \(length) bytes: \(text)")
        }
    }

    @Test(
        "Each mistake is named by file and annotation",
        arguments: [
            (#""segmentation":[[1,1,40,1,4,3]]"#, "(40.0, 1.0)"), (#""segmentation":[[1,1,4,1]]"#, "4 numbers"),
            (#""segmentation":[[1,1,4,1,2,2,3]]"#, "7 numbers"), (#""area":-2"#, "area is -2"),
            (#""segmentation":{"size":[6,4],"counts":[24]}"#, "4×6"), (#""segmentation":{"size":[4,6],"counts":[23]}"#, "23 pixels"),
            (#""segmentation":{"size":[4,6],"counts":"3R"}"#, "cut short"), (#""segmentation":{"counts":[24]}"#, "size"),
            (#""segmentation":{"size":[4,1e9],"counts":[24]}"#, "size"), (#""bbox":[1,2,-3,4]"#, "-3"), (#""bbox":[1,2,3]"#, "3 numbers"),
        ])
    func mistakes(_ member: String, _ expected: String) {
        let text = message { _ = try file(#"{"id":12,"image_id":3,"category_id":7,\#(member)}"#) }
        #expect(text.hasPrefix("mine.json: annotation 12: ") && text.contains(expected), "\(text)")
    }

    @Test("Ids that are missing, unknown or there twice; other JSON")
    func ids() {
        #expect(message { _ = try file(#"{"id":1,"image_id":4,"category_id":7}"#) }.contains("image 4"))
        #expect(message { _ = try file(#"{"id":1,"image_id":3,"category_id":8}"#) }.contains("category 8"))
        #expect(message { _ = try file(#"{"id":1,"image_id":3}"#) }.contains("no category_id"))
        #expect(message { _ = try file(#"{"image_id":3,"category_id":7}"#) }.contains("number 1"))
        let one = #"{"id":1,"image_id":3,"category_id":7}"#
        #expect(message { _ = try file("\(one),\(one)") }.contains("twice"))
        #expect(message { _ = try file(one, images: Self.images.replacingOccurrences(of: "6", with: "0")) }.contains("0×4"))
        #expect(message { _ = try COCOFile(decoding: Array("{\(Self.images)}".utf8), name: "x") }.contains("no 'annotations'"))
        #expect(message { _ = try COCOFile(decoding: Array("[1]".utf8), name: "x") }.contains("byte 0"))
        #expect(message { _ = try file(#"{"id":1,"image_id":3,"category_id":7,"area":NaN}"#) }.contains("a number"))
        #expect(message { _ = try file(#"{"id":1.5,"image_id":3,"category_id":7}"#) }.contains("whole number"))
    }

    @Test("Bad annotations can be put aside")
    func putAside() throws {
        var put: [String] = []
        let text = """
            {\(Self.images),"annotations":[{"id":1,"image_id":3,"category_id":7},{"id":2,"image_id":3,"category_id":9}],\(Self.categories)}
            """
        let read = try COCOFile(decoding: Array(text.utf8), name: "mine.json") { put.append($0.message) }
        #expect(read.annotations.map(\.id) == [1])
        #expect(put.count == 1 && put[0].contains("annotation 2"))
    }

    @Test("Results: of known images, with a score")
    func results() throws {
        let truth = try file("")
        func read(_ text: String) throws { _ = try truth.results(decoding: Array(text.utf8), name: "results.json") }
        #expect(message { try read(#"[{"image_id":3,"category_id":7,"bbox":[0,0,1,1]}]"#) }.contains("detection 1: it has no score"))
        #expect(message { try read(#"[{"image_id":5,"category_id":7,"bbox":[0,0,1,1],"score":1}]"#) }.contains("image 5"))
        #expect(message { try read(#"[{"image_id":3,"category_id":7,"score":1}]"#) }.contains("neither a mask nor a box"))
        #expect(message { try read(#"{"annotations":[]}"#) }.contains("found no 'images'"))
        #expect(message { try read("3") }.contains("a list of detections"))
        try read("[]")
    }

    @Test("objects that were found, as a file of results")
    func foundObjects() throws {
        let masks = [0..<40, 40..<75].map { rows -> RunLengthMask in
            var raster = LabelMap(width: 60, height: 80)
            for row in rows { for x in 0..<20 { raster.values[row * 60 + x] = 1 } }
            return RunLengthMask(raster, where: 1)
        }
        var file = COCOFile(classes: ClassList(names: ["car", "person", "dog"]))
        file.append([], of: "empty.png", width: 8, height: 8)
        file.append(zip([2, 0], masks).map { ScoredInstance(category: $0, score: 0.75, mask: $1) }, of: "a.png", width: 60, height: 80)
        #expect(file.images.map(\.id) == [1, 2] && file.annotations.map(\.image) == [2, 2])
        #expect(file.annotations.map(\.id) == [1, 2] && file.annotations.map(\.category) == [3, 1])
        #expect(file.annotations.map(\.area) == [800, 700] && file.annotations.map(\.score) == [0.75, 0.75])
        #expect(file.annotations[1].box == Box(x: 0, y: 40, width: 20, height: 35))
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("objects-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: url) }
        try file.write(to: url)
        #expect(try COCOFile(contentsOf: url) == file)
    }
}
