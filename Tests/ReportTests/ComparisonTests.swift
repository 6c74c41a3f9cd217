import Foundation
import Report
import Runs
import SegEval
import Support
import Testing

@Suite struct ComparisonTests {
    let examples = ExampleRuns()

    private func message(_ folders: [RunFolder], reference: String? = nil) -> String {
        do {
            _ = try Comparison(folders, reference: reference)
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    @Test func armsAreGroupedAndComparedWithThePlainStudent() throws {
        let comparison = try Comparison(examples.addExperiment().reversed())
        #expect(comparison.arms.map(\.arm) == ["teacher", "plain", "kd"])
        #expect(comparison.arms.map(\.seeds) == [[1], [1, 2, 3], [1, 2, 3]])
        #expect(comparison.reference == "plain" && comparison.images == 20)
        // hits h of 2000 a class, the rest taken for the other: IoU = h / (4000 − h). Of the plain student with seed 1,
        // h = 20 · 60 + Σ i mod 5 + Σ i mod 3 = 1200 + 40 + 19.
        #expect(comparison.arms[1].meanIoUs[0] == 1259.0 / 2741.0)
        #expect(comparison.arms[1].classIoU == [comparison.arms[1].meanIoU, comparison.arms[1].meanIoU, nil])
        let headline = try #require(comparison.headline)
        #expect(headline.arm == "kd" && headline.statistics.outcome == .better && headline.statistics.seeds == [1, 2, 3])
        #expect(headline.verdict.headline.hasPrefix("Distillation by kd helped: +"))
        let expected = (comparison.arms[2].meanIoU - comparison.arms[1].meanIoU) / (comparison.arms[0].meanIoU - comparison.arms[1].meanIoU)
        let gap = try #require(headline.gapClosed)
        #expect(abs(gap - expected) < 1e-12)
        // The teacher's single run stands against all three plain ones.
        #expect(comparison.differences[0].statistics.runs == [1, 3])
    }

    @Test func textIsAligned() throws {
        let comparison = try Comparison(examples.addExperiment())
        let lines = comparison.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "camvid, test, 20 images, whole image; mIoU in per cent")
        let table = lines[2...6]
        #expect(table.first?.hasPrefix("arm      model  parameters  seeds") == true)
        #expect(table.contains { $0.hasPrefix("kd       small      1.24 M      3") })
        let column = lines[3].firstIndex(of: " ").map { lines[3].distance(from: lines[3].startIndex, to: $0) }
        #expect(column == "teacher".count)
        #expect(comparison.text.contains("Distillation by kd helped"))
        #expect(!comparison.text.contains("verdict on teacher"))
        #expect(comparison.classText.contains("road & kerb"))
    }

    @Test func jsonHoldsTheFigures() throws {
        let comparison = try Comparison(examples.addExperiment())
        let encoder = JSONEncoder()
        let object = try #require(try JSONSerialization.jsonObject(with: encoder.encode(comparison)) as? [String: Any])
        let differences = try #require(object["differences"] as? [[String: Any]])
        let statistics = try #require(differences[1]["statistics"] as? [String: Any])
        #expect(statistics["outcome"] as? String == "better")
        #expect(statistics["interval"] is [String: Any] && statistics["pValue"] is Double)
    }

    @Test func boundariesAreComparedWhereAllRunsHaveThem() throws {
        let plain = try Comparison(examples.addExperiment())
        #expect(plain.differences.allSatisfy { $0.borders.isEmpty } && !plain.text.contains("bd. IoU"))
        examples.hasBoundaries = true
        let comparison = try Comparison([
            try examples.add("plain", seed: 1, correct: 60, name: "a"), try examples.add("plain", seed: 2, correct: 60, name: "b"),
            try examples.add("plain", seed: 3, correct: 60, name: "c"),
            try examples.add("kd", method: "kd", seed: 1, correct: 75, name: "d"),
            try examples.add("kd", method: "kd", seed: 2, correct: 75, name: "e"),
            try examples.add("kd", method: "kd", seed: 3, correct: 75, name: "f"),
        ])
        let borders = try #require(comparison.differences.first?.borders)
        #expect(borders.map(\.measure.title) == ["boundary IoU", "boundary F1", "trimap IoU, 2 px"])
        let boundary = borders[0].statistics
        #expect(boundary.outcome == .better && boundary.images == 20 && boundary.seeds == [1, 2, 3])
        // Image i of seed s has 60 + i mod 5 + (s·i) mod 3 pixels right, a fifth of which lie in the bands; IoU = h / (800 − h).
        let hits = (0..<20).reduce(0) { $0 + (60 + $1 % 5 + $1 % 3) / 5 }
        let kdHits = (0..<20).reduce(0) { $0 + (75 + $1 % 5 + $1 % 3) / 5 }
        let expected = Double(kdHits) / Double(800 - kdHits) - Double(hits) / Double(800 - hits)
        #expect(abs(boundary.differences[0] - expected) < 1e-12)
        #expect(comparison.text.contains("bd. IoU") && comparison.text.contains("At the borders between classes"))
        // Boundary F1 is right / 100 in every image, its mean over images and over the two classes that occur the same.
        let f1 = (0..<20).reduce(0) { $0 + (60 + $1 % 5 + $1 % 3) }
        #expect(abs(borders[1].statistics.differences[0] - 0.15) < 1e-12 && borders[1].statistics.images == 20)
        #expect(abs(borders[1].reference - Double(f1) / 2000) < 0.01)
        // All pixels lie in the trimap: the difference is that of IoU.
        #expect(borders[2].statistics == comparison.differences.first?.statistics)
        let kd = try #require(comparison.differences.first)
        #expect(kd.images.count == 20 && kd.images.allSatisfy { $0.score > 0 })
        #expect(comparison.text.contains("largest losses: none"))
    }

    @Test func anotherReference() throws {
        let folders = try examples.addExperiment()
        #expect(try Comparison(folders, reference: "kd").differences.map(\.arm) == ["teacher", "plain"])
        #expect(message(folders, reference: "plan").contains("Did you mean “plain”?"))
    }

    @Test func whatCannotBeComparedIsRefused() throws {
        let plain = try examples.add("plain", seed: 1, correct: 60)
        let missing = try examples.add("kd", method: "kd", seed: 1, correct: 60, evaluated: false)
        #expect(message([plain, missing]).contains("kd-seed1 has no evaluation “test” to compare"))
        #expect(message([plain, missing]).contains("segdistill evaluate"))
        let other = try examples.add("cwd", method: "cwd", seed: 1, correct: 60, dataset: "street-scenes")
        #expect(message([plain, other]).contains("the data set is camvid in"))
        let twin = try examples.add("plain", seed: 1, correct: 61, name: "again")
        #expect(message([plain, twin]).contains("are both seed 1 of “plain”"))
        #expect(message([]).contains("no runs to compare"))
    }

    @Test func armsOfOneNameButDifferentModelsAreToldApart() throws {
        let folders = [
            try examples.add("plain", seed: 1, correct: 60), try examples.add("plain", seed: 1, correct: 70, model: "big", name: "big"),
        ]
        #expect(message(folders).contains("plain (big) and plain (small) differ in student:"))
        let comparison = try Comparison(folders, allowing: [.student])
        #expect(comparison.arms.map(\.arm) == ["plain (small)", "plain (big)"])
        #expect(comparison.text.contains("on unequal terms (student)"))
    }
}
