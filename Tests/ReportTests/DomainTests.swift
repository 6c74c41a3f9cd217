import Foundation
import Report
import Runs
import Support
import Testing

/// Source against target domains.
@Suite struct DomainTests {
    let examples = ExampleRuns()

    /// The mIoU of an example's run by hand: two classes, of each of 20 images 100 pixels, every miss a false alarm of the other.
    private func score(correct: Int, seed: Int) -> Double {
        let hits = (0..<20).reduce(0) { $0 + correct + $1 % 5 + seed * $1 % 3 }
        return Double(hits) / Double(4000 - hits)
    }

    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    @Test func figuresOfEveryArm() throws {
        let domains = try #require(try Comparison(examples.addDomainExperiment()).domains)
        #expect(domains.source.name == "camvid" && domains.targets.map(\.name) == ["dusk", "fog & rain"])
        #expect(domains.source.images == 20 && domains.targets.map(\.images) == [20, 20])
        #expect(domains.arms.map(\.arm) == ["teacher", "plain", "kd"])
        let kd = try #require(domains.arms.last)
        let dusk = (1...3).map { score(correct: 60, seed: $0) }
        let fog = (1...3).map { score(correct: 50, seed: $0) }
        let home = (1...3).map { score(correct: 80, seed: $0) }
        let abroad = zip(dusk, fog).map { ($0 + $1) / 2 }
        #expect(isClose(kd.source.mean, mean(home)) && isClose(kd.targets[0].mean, mean(dusk)) && isClose(kd.targets[1].mean, mean(fog)))
        #expect(zip(kd.targetMean.values, abroad).allSatisfy { isClose($0, $1) } && isClose(kd.targetMean.mean, mean(abroad)))
        #expect(isClose(kd.gap.mean, mean(home) - mean(abroad)))
        let spread = (abroad.reduce(0) { $0 + ($1 - mean(abroad)) * ($1 - mean(abroad)) } / 2).squareRoot()
        #expect(isClose(kd.targetMean.standardDeviation, spread))

        // What is kept of the teacher's score, and of its lead on the plain student.
        let teacher = (score(correct: 80, seed: 1) + score(correct: 70, seed: 1)) / 2
        let plain = mean((1...3).map { (score(correct: 50, seed: $0) + score(correct: 40, seed: $0)) / 2 })
        #expect(isClose(kd.retained, mean(abroad) / teacher))
        #expect(isClose(kd.retainedByTarget?[1], mean(fog) / score(correct: 70, seed: 1)))
        #expect(isClose(kd.retainedByClass?[0], mean(abroad) / teacher) && kd.retainedByClass?[2] == nil)
        #expect(domains.arms[0].retained == nil)
        let difference = try #require(domains.differences.first { $0.arm == "kd" })
        #expect(isClose(difference.statistics.difference, mean(abroad) - plain))
        #expect(isClose(difference.gapClosed, (mean(abroad) - plain) / (teacher - plain)))
        #expect(difference.statistics.images == 40 && difference.statistics.outcome == .better)
        #expect(kd.classIoU.count == 3 && isClose(kd.classIoU[1][0], mean(dusk)) && kd.targetClassIoU[2] == nil)
    }

    /// At home the arms are equal: the gain is the targets' alone.
    @Test func theTextSaysBoth() throws {
        let comparison = try Comparison(examples.addDomainExperiment())
        #expect(comparison.differences.last?.statistics.difference == 0)
        let text = comparison.text
        #expect(text.contains("Generalisation: source camvid (20 images); targets dusk (20 images), fog & rain (20 images)"))
        #expect(text.contains("On the targets, kd: Distillation by kd helped: +"))
        for word in ["targets", "gap", "kept", "gap closed", "vs plain"] { #expect(text.contains(word)) }
        let classes = try #require(comparison.domains).classText(comparison.classes)
        #expect(classes.components(separatedBy: "road & kerb").count == 5 && classes.contains("mean of targets"))
    }

    @Test func thePageShowsEveryDomain() throws {
        let folders = try examples.addDomainExperiment()
        for folder in folders {
            guard try folder.readInfo().seed == 1 else { continue }
            try examples.addPicture(to: folder, prediction: [1, 0, 1, 1, 0, 0, 1, 1], domains: ["dusk", "fog & rain"])
        }
        let html = try Report(runs: folders).html()
        #expect(try unbalancedElements(html) == [])
        for title in ["<h2>Other domains</h2>", "<h3>Classes on the targets</h3>", "<h3>dusk</h3>", "<h3>fog &amp; rain</h3>"] {
            #expect(html.contains(title))
        }
        #expect(html.contains("<h3>camvid, the source</h3>") && html.contains("On the targets: Distillation by kd helped"))
        #expect(html.components(separatedBy: "<section class=\"card sample\">").count == 4)
    }

    @Test func runsWithoutTargetsHaveNoSuchPart() throws {
        let folders = try examples.addExperiment()
        let comparison = try Comparison(folders)
        #expect(comparison.domains == nil && !comparison.text.contains("Generalisation"))
        #expect(try !Report(runs: folders).html().contains("Other domains"))
    }

    @Test func armsAndTargetsThatAreMissingAreNamed() throws {
        let folders =
            try examples.addDomainExperiment() + [
                examples.add("cwd", method: "cwd", seed: 1, correct: 70),
                examples.add("vid", method: "vid", seed: 1, correct: 70, targets: [("dusk", 55)]),
            ]
        let domains = try #require(try Comparison(folders).domains)
        #expect(domains.targets.map(\.name) == ["dusk"] && domains.arms.map(\.arm) == ["teacher", "plain", "kd", "vid"])
        #expect(
            domains.notes == ["Not tested on the targets: cwd.", "Left out, as not all arms were tested there: fog & rain."])
    }

    @Test func otherDataAreRefused() throws {
        let folders = try examples.addDomainExperiment()
        var other = try folders[2].readMetrics(named: "target-dusk")
        other.dataset = "elsewhere"
        try folders[2].write(other, named: "target-dusk")
        let error = #expect(throws: UserError.self) { try Comparison(folders) }
        #expect(error?.message.contains("the target “dusk” of") == true && error?.message.contains("has other data or classes") == true)
    }

    /// Tested at another size, arms are not alike.
    @Test func theProtocolOfATargetIsACondition() throws {
        let folders = try examples.addDomainExperiment()
        for folder in folders where try folder.readInfo().arm == "kd" {
            var other = try folder.readMetrics(named: "target-dusk")
            other.protocolName = "whole image, at 48×32"
            try folder.write(other, named: "target-dusk")
        }
        let error = #expect(throws: UserError.self) { try Comparison(folders) }
        #expect(error?.message.contains("differ in evaluation") == true && error?.message.contains("protocol.dusk") == true)
        #expect(
            try Comparison(folders, allowing: [.evaluation]).domains?.differences.last?.verdict.headline.contains("on unequal terms")
                == true)
    }
}

private func isClose(_ one: Double?, _ other: Double?) -> Bool {
    guard let one, let other else { return false }
    return abs(one - other) <= 1e-12 * max(1, abs(other))
}
