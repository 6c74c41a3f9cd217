import Foundation
import Report
import Runs
import Support
import Testing

@Suite struct ReportTests {
    let examples = ExampleRuns()

    @Test func aWholeExperiment() throws {
        let folders = try examples.addExperiment()
        // The plain student is wrong in the first pixel, the distilled one in the last of the first row.
        for folder in folders {
            let info = try folder.readInfo()
            guard info.seed == 1 else { continue }
            let plain: [UInt8] = [1, 0, 1, 1, 0, 0, 1, 1]
            try examples.addPicture(to: folder, prediction: info.isPlainStudent ? plain : [0, 0, 1, 0, 0, 0, 1, 1])
        }
        let html = try Report(runs: folders).html()
        #expect(try unbalancedElements(html) == [])
        #expect(html.contains("<h1>Distillation by kd helped: +"))
        for title in ["How sure is that?", "Pictures", "Classes", "Training", "Details"] { #expect(html.contains("<h2>\(title)</h2>")) }
        for caption in ["mIoU on val, in per cent", "Loss: task", "Share of the gradient: kd, in per cent", "Learning rate"] {
            #expect(html.contains(caption))
        }
        #expect(html.contains("changes by kd") && html.contains("street/1"))
        // Names and recipes are text, not markup; nothing comes from elsewhere.
        #expect(html.contains("road &amp; kerb") && html.contains("&lt;b&gt;bold&lt;/b&gt;"))
        #expect(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"))
    }

    @Test func oneRunThatIsStillTraining() throws {
        let html = try Report(runs: [examples.add("plain", seed: 1, correct: 60, evaluated: false)]).html()
        #expect(try unbalancedElements(html) == [])
        #expect(html.contains("not evaluated yet") && html.contains("Learning rate") && !html.contains("<h2>Classes</h2>"))
    }

    @Test func oneTeacher() throws {
        let html = try Report(runs: [examples.add("teacher", role: .teacher, seed: 1, correct: 90)]).html()
        #expect(try unbalancedElements(html) == [])
        #expect(html.contains("% mIoU</h1>") && html.contains("<h2>Classes</h2>") && !html.contains("How sure is that?"))
    }

    @Test func oneSeedIsNoVerdict() throws {
        let folders = [try examples.add("plain", seed: 1, correct: 60), try examples.add("kd", method: "kd", seed: 1, correct: 70)]
        let html = try Report(runs: folders).html()
        #expect(html.contains("Too few seeds for a verdict on kd against plain") && html.contains("train three seeds or more"))
    }

    @Test func runsWithoutEvaluationsStandBesideTheOthers() throws {
        let folders = try examples.addExperiment() + [examples.add("cwd", method: "cwd", seed: 1, correct: 60, evaluated: false)]
        let report = try Report(runs: folders)
        #expect(report.comparison?.arms.map(\.arm) == ["teacher", "plain", "kd"])
        #expect(try report.html().contains(">cwd<"))
    }

    @Test func aMissingPictureIsNamed() throws {
        let folder = try examples.add("plain", seed: 1, correct: 60)
        try examples.addPicture(to: folder, prediction: .init(repeating: 0, count: 8))
        try FileManager.default.removeItem(at: folder.pictures.appendingPathComponent("00-street_1.truth.png"))
        #expect {
            try Report(runs: [folder]).html()
        } throws: { error in
            "\(error)".contains("00-street_1.truth.png")
        }
    }
}

/// Names of the elements that are left open or closed in the wrong order.
func unbalancedElements(_ html: String) throws -> [String] {
    let body = html.replacing(try Regex("(?s)<style>.*?</style>"), with: "")
    var open: [String] = []
    var wrong: [String] = []
    for match in body.matches(of: try Regex("<(/?)([a-zA-Z0-9]+)[^>]*?(/?)>")) {
        let name = String(match[2].substring ?? "")
        if ["meta", "img", "br"].contains(name) || match[3].substring == "/" { continue }
        if match[1].substring != "/" {
            open.append(name)
        } else if open.popLast() != name {
            wrong.append(name)
        }
    }
    return wrong + open
}
