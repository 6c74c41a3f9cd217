import Foundation
import SegData
import SegEval
import Support
import Testing
import Vision

@Suite struct LabelFolderTests {
    /// Folders of label maps that are removed at the end.
    final class Folders {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-tests-\(UUID().uuidString)")
        deinit { try? FileManager.default.removeItem(at: url) }
        subscript(name: String) -> URL { url.appendingPathComponent(name) }

        func add(_ folder: String, _ name: String, width: Int = 2, _ values: [UInt8]) throws {
            let map = LabelMap(width: width, height: values.count / width, values: values)
            try LabelFolder.write(PNG.encode(map), named: name, in: self[folder])
        }

        func pairs(other: String? = nil) throws -> LabelPairs {
            try LabelPairs(predictions: self["pred"], truth: self["truth"], other: other.map { self[$0] })
        }
    }

    private let folders = Folders()
    private let classes = ClassList(names: ["road", "car", "sky"])

    private func message(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    @Test func aFolderIsScoredAsTheDefinitionsSay() throws {
        try folders.add("truth", "a/1", [0, 0, 1, 255])
        try folders.add("truth", "b/2", [0, 1, 1, 1])
        try folders.add("pred", "a/1", [0, 1, 1, 2])
        // 7 is no class.
        try folders.add("pred", "b/2", [0, 1, 7, 1])
        try folders.add("pred", "b/extra", [0, 0, 0, 0])
        let pairs = try folders.pairs()
        #expect(pairs.unused == ["b/extra"])
        var report = try SemanticReport(pairs, classes: classes, metrics: .all, threads: 2)
        #expect(report.tally.confusion == [[2, 1, 0], [0, 3, 0], [0, 0, 0]])
        #expect(report.tally.outside == [0, 1, 0])
        let expected: [Double?] = [2.0 / 3, 0.6, nil]
        #expect(report.scores.classIoU == expected)
        #expect(report.absent == ["sky"])
        report.domains = DomainScores(pairs.domains.map { ($0.name, $0.indices.map { report.images[$0] }) }, classes: 3)
        let domains = try #require(report.domains)
        let names = domains.domains.map(\.name)
        #expect(names == ["a", "b"])
        // a: road 1 of 2, car 1 of 2. b: road 1 of 1, car 2 of 3.
        #expect(isClose(domains.domains[0].meanIoU, 0.5) && isClose(domains.domains[1].meanIoU, 5.0 / 6))
        #expect(isClose(domains.meanIoU, 2.0 / 3))

        let object = try #require(try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any])
        #expect(object["outsidePixels"] as? Int == 1 && object["absent"] as? [String] == ["sky"])
        #expect((object["IoU"] as? [Any])?.last is NSNull)
        let boundary = try #require(object["boundaryIoU"] as? [String: Any])
        #expect(boundary["pixels"] as? Int == 1 && boundary["mean"] is Double)
        let lines = report.text.split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("class  pixels   IoU  Dice  accuracy  bd. IoU  bd. F1"))
        #expect(lines.contains { $0.hasPrefix("sky    absent     –     –") })
        #expect(report.text.contains("no class: 1 labelled pixels were predicted as a value beyond the classes"))
    }

    @Test func agreementIsCountedByCase() throws {
        var random = SeededRandom(3)
        let truth = (0..<500).map { _ in random.below(8) == 0 ? UInt8(255) : UInt8(random.below(3)) }
        func guess() -> [UInt8] { truth.map { $0 != 255 && random.unit() < 0.5 ? $0 : UInt8(random.below(3)) } }
        let (student, teacher) = (guess(), guess())
        try folders.add("truth", "1", width: 25, truth)
        try folders.add("pred", "1", width: 25, student)
        try folders.add("teacher", "1", width: 25, teacher)
        let report = try SemanticReport(folders.pairs(other: "teacher"), classes: classes, metrics: .cheap)
        let agreement = try #require(report.agreement)
        func count(_ label: Int, _ isCase: (UInt8, UInt8) -> Bool) -> Int64 {
            Int64(truth.indices.count { truth[$0] == label && isCase(student[$0], teacher[$0]) })
        }
        for label in 0..<3 {
            let both = count(label) { $0 == label && $1 == label }
            let student = count(label) { $0 == label && $1 != label }
            let teacher = count(label) { $0 != label && $1 == label }
            let same = count(label) { $0 != label && $0 == $1 }
            let other = count(label) { $0 != label && $1 != label && $0 != $1 }
            #expect(agreement.bothRight[label] == both && agreement.onlyStudent[label] == student)
            #expect(agreement.onlyTeacher[label] == teacher)
            #expect(agreement.sameMistake[label] == same && agreement.otherMistake[label] == other)
        }
        #expect(agreement.pixels == report.tally.pixels.truth)
        #expect(report.images.gains(over: report.others).count == 1)
    }

    @Test func whatIsMissingIsSaidBeforeAnythingIsRead() throws {
        for name in ["1", "2", "3"] { try folders.add("truth", name, [0, 0, 0, 0]) }
        #expect(message { _ = try folders.pairs() }.contains("pred: there is no such folder"))
        try folders.add("pred", "2", [0, 0, 0, 0])
        let problem = message { _ = try folders.pairs() }
        #expect(problem.contains("pred: 2 of 3 label maps have no prediction: 1, 3") && problem.contains("pred/1.png"))
    }

    @Test func badMapsAreNamed() throws {
        try folders.add("truth", "1", [0, 0, 9, 9])
        try folders.add("pred", "1", [0, 0, 0, 0])
        func score() -> String { message { _ = try SemanticReport(folders.pairs(), classes: classes, metrics: .cheap) } }
        #expect(score().contains("truth/1.png") && score().contains("found 9"))
        let lenient = try SemanticReport(folders.pairs(), classes: classes, ignoring: [9], metrics: .cheap)
        #expect(lenient.tally.pixels.truth == [2, 0, 0])
        try folders.add("truth", "1", [0, 0, 0, 0])
        try folders.add("pred", "1", width: 3, [0, 0, 0])
        #expect(score().contains("pred/1.png: expected a prediction of 2×2") && score().contains("found 3×1"))
        try Image(width: 2, height: 2).write(to: folders["pred/1.png"])
        #expect(score().contains("pred/1.png: expected a grey or palette PNG"))
        try Data().write(to: folders["pred/1.png"])
        #expect(score().contains("pred/1.png: the file is empty"))
    }

    @Test func namesStayInTheirFolder() {
        #expect(throws: UserError.self) { try LabelFolder.file("../a", in: folders.url) }
        #expect(throws: UserError.self) { try LabelFolder.file("", in: folders.url) }
    }
}
