import Foundation
import SegData
import SegEval
import Support
import Testing
import Vision

/// Against pycocotools, cityscapesScripts and panopticapi's code (`scripts/reference/instances.py`).
@Suite("Scores of instances")
struct InstanceTests {
    private let reference: InstanceReference

    init() throws {
        let url = Bundle.module.url(forResource: "instances", withExtension: "json", subdirectory: "Fixtures")!
        reference = try JSONDecoder().decode(InstanceReference.self, from: Data(contentsOf: url))
    }

    private func agree(_ mine: Double?, _ theirs: Double?) -> Bool {
        guard let mine, let theirs else { return mine == nil && theirs == nil }
        return abs(mine - theirs) <= 1e-12
    }

    @Test("COCO's twelve numbers and each class's AP, of boxes, masks and boundaries", arguments: COCOScores.Region.allCases)
    func coco(region: COCOScores.Region) throws {
        #expect(reference.coco.count == 240)
        for (index, item) in reference.coco.enumerated() {
            let truth = try COCOFile(decoding: Array(item.truth.utf8), name: "truth")
            let detections = try truth.results(decoding: Array(item.results.utf8), name: "results")
            let scores = try COCOEvaluator(truth: truth, detections: detections, region: region).run(threads: 2)
            let expected = item.scores[region.rawValue]!
            for (row, value) in zip(scores.summary.rows, expected.summary) {
                // pycocotools writes -1 where nothing was to be found.
                #expect(agree(row.value, value < 0 ? nil : value), "case \(index): \(row.name)")
            }
            #expect(scores.categories.count == expected.classes.count)
            for (category, value) in zip(scores.categories, expected.classes) {
                #expect(agree(category.averagePrecision, value < 0 ? nil : value), "case \(index): \(category.name)")
            }
        }
    }

    @Test("Detections of categories that the truth does not know are counted, and change nothing")
    func unknownCategories() throws {
        let item = reference.coco.first { $0.scores["mask"]!.summary[0] > 0 }!
        let truth = try COCOFile(decoding: Array(item.truth.utf8), name: "truth")
        let detections = try truth.results(decoding: Array(item.results.utf8), name: "results")
        let before = try COCOEvaluator(truth: truth, detections: detections, region: .mask).run()
        var other = detections[0]
        other.category = 999
        let after = try COCOEvaluator(truth: truth, detections: detections + [other, other], region: .mask).run()
        #expect(after.summary == before.summary)
        #expect(before.unknownCategories.isEmpty)
        #expect(after.unknownCategories == [999: 2])
    }

    @Test("JSON has the masks' numbers in front, boundary AP beside them and every region in full")
    func json() throws {
        let item = reference.coco.first { $0.scores["mask"]!.summary[0] > 0 }!
        let truth = try COCOFile(decoding: Array(item.truth.utf8), name: "truth")
        let detections = try truth.results(decoding: Array(item.results.utf8), name: "results")
        let regions = try COCOScores.Region.allCases.map { try COCOEvaluator(truth: truth, detections: detections, region: $0).run() }
        let object = try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(COCOReport(regions))) as? [String: Any])
        #expect(agree(object["AP"] as? Double, regions[1].summary.averagePrecision))
        #expect(agree(object["AR100"] as? Double, regions[1].summary.averageRecall100))
        #expect(agree(object["boundaryAP"] as? Double, regions[2].summary.averagePrecision))
        let classes = try #require(object["perClass"] as? [[String: Any]])
        for (mine, category) in zip(classes, regions[1].categories) { #expect(agree(mine["AP"] as? Double, category.averagePrecision)) }
        #expect(Set((object["regions"] as? [String: Any] ?? [:]).keys) == ["box", "mask", "boundary"])
    }

    @Test("Detections without masks are refused where masks are compared")
    func missingMasks() throws {
        let truth = COCOFile(
            images: [COCOImage(id: 1, fileName: "a", width: 4, height: 4)],
            annotations: [COCOAnnotation(id: 7, image: 1, category: 1, box: Box(x: 0, y: 0, width: 2, height: 2))],
            categories: [COCOCategory(id: 1, name: "a")])
        #expect(throws: UserError.self) { try COCOEvaluator(truth: truth, detections: [], region: .mask) }
        let scores = try COCOEvaluator(truth: truth, detections: [], region: .box).run()
        #expect(scores.summary.averagePrecision == 0)
        #expect(scores.summary.averagePrecisionLarge == nil)
    }

    @Test("Cityscapes' AP and AP50 of every class")
    func cityscapes() throws {
        #expect(reference.cityscapes.count == 60)
        for (index, item) in reference.cityscapes.enumerated() {
            let scores = CityscapesScores(try item.images.map { try $0.matches() })
            #expect(agree(scores.averagePrecision, item.ap), "case \(index)")
            #expect(agree(scores.averagePrecision50, item.ap50), "case \(index)")
            for one in scores.classes {
                #expect(agree(one.averagePrecision, item.classes[one.name]![0]), "case \(index): \(one.name)")
                #expect(agree(one.averagePrecision50, item.classes[one.name]![1]), "case \(index): \(one.name)")
            }
        }
    }

    @Test("Cityscapes' AP of objects in memory, with void as their labels have it, is that of its files")
    func cityscapesOfObjects() throws {
        let names = CityscapesLabels.scored.map(\.name)
        for (index, item) in reference.cityscapes.enumerated() {
            let scores = CityscapesScores(try item.images.map { try $0.objectMatches() }, classes: names)
            #expect(agree(scores.averagePrecision, item.ap) && agree(scores.averagePrecision50, item.ap50), "case \(index)")
            for one in scores.classes {
                #expect(agree(one.averagePrecision, item.classes[one.name]![0]), "case \(index): \(one.name)")
            }
        }
    }

    @Test("A group that the labels have as void is not counted twice, and classes may have any names")
    func cityscapesRulesForOthers() throws {
        func mask(_ columns: Range<Int>) -> RunLengthMask {
            var map = LabelMap(width: 40, height: 20)
            for y in 0..<20 { for x in columns { map.values[y * 40 + x] = 1 } }
            return RunLengthMask(map, where: 1)
        }
        let objects = [Instance(category: 0, mask: mask(0..<10)), Instance(category: 0, mask: mask(20..<26), isCrowd: true)]
        // Of the second detection 6 columns in 14 are a group: less than a half, so it is a mistake; twice 6 would not be.
        let found = [
            ScoredInstance(category: 0, score: 0.5, mask: mask(0..<10)), ScoredInstance(category: 0, score: 0.9, mask: mask(20..<34)),
        ]
        let matches = CityscapesMatches(objects, void: mask(20..<26), detections: found, classes: 1)
        let scores = CityscapesScores([matches], classes: ["nucleus"])
        #expect(scores.classes[0].name == "nucleus" && scores.classes[0].truths == 1 && scores.classes[0].detections == 2)
        #expect(try #require(scores.averagePrecision50) < 1)
        let blameless = CityscapesMatches(objects, void: mask(20..<34), detections: found, classes: 1)
        #expect(CityscapesScores([blameless], classes: ["nucleus"]).averagePrecision == 1)
    }

    @Test("Cityscapes: labels without instances are counted, unknown ones and other sizes refused")
    func cityscapesLabels() throws {
        let truth = InstanceMap(width: 20, height: 20, filledWith: 26000)
        func matches(_ label: Int, _ width: Int = 20) throws -> CityscapesMatches {
            try CityscapesMatches(truth) { take in
                let mask = LabelMap(width: width, height: 20, filledWith: 1)
                try take(CityscapesDetection(label: label, confidence: 1, mask: mask, name: "mask.png"))
            }
        }
        #expect(CityscapesScores([try matches(26)]).averagePrecision == 1)
        #expect(CityscapesScores([try matches(7)]).unscoredLabels == [7: 1])
        #expect(throws: UserError.self) { try matches(40) }
        #expect(throws: UserError.self) { try matches(26, 21) }
    }

    @Test("Panoptic quality of everything, things and stuff, and every class's counts")
    func panoptic() throws {
        #expect(reference.panoptic.count == 60)
        for (index, item) in reference.panoptic.enumerated() {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("panoptic-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let files = try item.write(to: folder)
            let quality = try PanopticEvaluation(truth: files.truth, predictions: files.prediction).run(threads: 2)
            for (name, mine) in [("all", quality.all), ("things", quality.things), ("stuff", quality.stuff)] {
                let expected = item.scores[name] ?? nil
                #expect(agree(mine?.panopticQuality, expected?[0]), "case \(index): \(name)")
                #expect(agree(mine?.segmentationQuality, expected?[1]), "case \(index): \(name)")
                #expect(agree(mine?.recognitionQuality, expected?[2]), "case \(index): \(name)")
            }
            for one in quality.classes { #expect([one.found, one.wrong, one.missed] == item.tallies["\(one.id)"], "case \(index)") }
        }
    }

    @Test("Cityscapes' files of detections are read as they are written")
    func cityscapesResults() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cityscapes-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let (found, truth) = (folder.appendingPathComponent("found"), folder.appendingPathComponent("truth"))
        for place in [found, truth] { try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true) }
        // Two cars of 12×12 and 20×20 pixels, and a rider that is not found.
        func pixels(_ start: Int, _ end: Int) -> [Int] {
            (0..<64 * 32).filter { (start..<end).contains($0 % 64) && (start..<end).contains($0 / 64) }
        }
        var map = InstanceMap(width: 64, height: 32)
        for (value, own) in [(UInt16(26000), pixels(1, 13)), (26001, pixels(14, 31))] { for index in own { map.values[index] = value } }
        for index in 32 * 60..<32 * 64 { map.values[index] = 25000 }
        try map.write(to: truth.appendingPathComponent("ulm_0_1_gtFine_instanceIds.png"))
        try InstanceMap(width: 64, height: 32).write(to: truth.appendingPathComponent("ulm_0_2_gtFine_instanceIds.png"))
        let results = try CityscapesResults(found, classes: ["rider", "car"])
        let masks = [UInt16(26000), 26001].map { RunLengthMask(map, where: $0) }
        try results.write([(1, 0.9, masks[0]), (1, 0.25, masks[1])], stem: "ulm_0_1_leftImg8bit")
        try results.write([], stem: "ulm_0_2_leftImg8bit")
        let scores = try CityscapesEvaluation(truth: truth, predictions: found).run()
        let car = try #require(scores.classes.first { $0.name == "car" })
        #expect(car.averagePrecision == 1 && car.detections == 2)
        let file = found.appendingPathComponent("ulm_0_1_leftImg8bit.txt")
        let lines = try String(contentsOf: file, encoding: .utf8).replacingOccurrences(of: "\n", with: "\r\n")
        try lines.write(to: file, atomically: true, encoding: .utf8)
        #expect(try CityscapesEvaluation(truth: truth, predictions: found).run() == scores)
        #expect(scores.classes.first { $0.name == "rider" }?.averagePrecision == 0)
        let error = #expect(throws: UserError.self) { try CityscapesResults(found, classes: ["tree"]) }
        #expect(error?.message.contains("'tree' is none of the classes") == true)
    }
}
