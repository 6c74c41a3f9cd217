import Foundation
import Testing
import Vision

/// Objects of a teacher in images without labels, as a user has them: written, checked, trained on.
@Suite struct PseudoLabelTests {
    /// Four pictures, of which the labels of two are used.
    private func recipe(_ folder: URL) throws -> String {
        try Squares(in: folder, ["1", "2", "3", "4"], labelled: ["1", "3"]).recipe
    }

    @Test("pseudo-label, data check, distill")
    func theWholePath() throws {
        try withFolder { folder in
            let (recipe, run, file) = (try recipe(folder), folder.path + "/teacher", folder.path + "/found.json")
            _ = try tool("train", recipe, "--out", run)
            let first = try tool("pseudo-label", run, recipe, "--out", file, "--threshold", "0")
            #expect(first.output.contains("in 2 images of coco-json") && first.output.contains("objects an image"), "\(first.output)")
            let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(try tool("pseudo-label", run, recipe, "--out", file, "--threshold", "0").output.contains("is there already"))
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == bytes)
            let checked = try tool("data", "check", file, "--pictures", folder.path + "/check")
            for word in ["teacher mask2former-small-resnet18", "score", "pseudo-labels: 2 images, in order"] {
                #expect(checked.output.contains(word), "\(checked.output)")
            }
            #expect(!checked.output.contains("without labels"), "\(checked.output)")
            #expect(FileManager.default.fileExists(atPath: folder.path + "/check/sample-0-1.jpg"))
            let unlabelled = "data.unlabelled={pseudoLabels: \(file), threshold: 0}"
            let training = try tool("distill", recipe, "name=semi", unlabelled, "--out", folder.path + "/student")
            #expect(training.errors.contains("2 unlabelled images"), "\(training.errors)")
            // The teacher goes on learning.
            _ = try tool("train", recipe, "schedule.steps=3", "--out", run, "--overwrite")
            let stale = try Tool.run("distill", recipe, "name=semi", unlabelled, "--out", folder.path + "/stale")
            #expect(stale.status == 65 && stale.errors.contains("the pseudo-labels are stale"), "\(stale.errors)")
            #expect(stale.errors.contains("segdistill pseudo-label \(run) RECIPE"))
            // The picture is another one than the teacher saw.
            try Image(width: 32, height: 32).write(to: folder.appendingPathComponent("images/2.png"))
            let broken = try Tool.run("data", "check", file)
            #expect(broken.status == 65 && broken.output.contains("expected 64×64 as its annotations say, found 32×32"), "\(broken.output)")
        }
    }

    /// They are in no files: the run's recipe says how the images are cut.
    @Test func thoseOfTilesAreShownInTheirRunFolder() throws {
        try withFolder { folder in
            let (recipe, run, student) = (try recipe(folder), folder.path + "/teacher", folder.path + "/student")
            _ = try tool("train", recipe, "--out", run)
            let tiles = ["data.tile=[32, 32]", "data.unlabelled={teacher: \(run), threshold: 0}"]
            let training = try Tool.run(["distill", recipe, "name=semi"] + tiles + ["--out", student])
            #expect(training.status == 0 && training.errors.contains("8 unlabelled images"), "\(training.errors)")
            let checked = try tool("data", "check", student + "/pseudo-labels.json", "--pictures", folder.path + "/check")
            #expect(checked.output.contains("pseudo-labels: 8 images, in order"), "\(checked.output)")
            #expect(!checked.output.contains("never occurs"), "\(checked.output)")
            #expect(FileManager.default.fileExists(atPath: folder.path + "/check/sample-0-1.jpg"))
            try FileManager.default.copyItem(atPath: student + "/pseudo-labels.json", toPath: folder.path + "/moved.json")
            let moved = try tool("data", "check", folder.path + "/moved.json")
            #expect(moved.output.contains("no recipe.yaml beside the labels makes them"), "\(moved.output)")
        }
    }

    @Test("of a detector that looks for the classes' names, whose boxes prompt SAM 2")
    func byName() throws {
        try withFolder { folder in
            let (recipe, file, networks) = (try recipe(folder), folder.path + "/found.json", try ZeroShotFolders(in: folder))
            let command = ["pseudo-label", networks.detector, recipe, "--segmenter", networks.segmenter, "--out", file, "--threshold", "0"]
            let first = try Tool.run(command)
            #expect(first.status == 0 && first.output.contains("in 2 images of coco-json"), "\(first.output)\(first.errors)")
            #expect(try Tool.run(command).output.contains("is there already"))
            let checked = try tool("data", "check", file)
            #expect(checked.output.contains("teacher detector + segmenter"), "\(checked.output)")
            let student = ["distill", recipe, "name=semi", "data.unlabelled={pseudoLabels: \(file), threshold: 0}", "--out"]
            let training = try Tool.run(student + [folder.path + "/student"])
            #expect(training.status == 0 && training.errors.contains("2 unlabelled images"), "\(training.errors)")
            // Either network may change.
            for network in [networks.segmenter, networks.detector] {
                let weights = URL(fileURLWithPath: network + "/model.safetensors")
                let before = try Data(contentsOf: weights)
                try networks.retrain(network)
                let stale = try Tool.run(student + [folder.path + "/stale"])
                #expect(stale.status == 65 && stale.errors.contains("the pseudo-labels are stale"), "\(stale.errors)")
                let again = "segdistill pseudo-label \(networks.detector) RECIPE --segmenter \(networks.segmenter)"
                #expect(stale.errors.contains(again), "\(stale.errors)")
                try before.write(to: weights)
            }
            #expect(try Tool.run(command).output.contains("is there already"))
            // A name that is read as another.
            let truth = URL(fileURLWithPath: folder.path + "/train.json")
            let text = try String(contentsOf: truth, encoding: .utf8).replacingOccurrences(of: "\"car\"", with: "\"car ?\"")
            try Data(text.utf8).write(to: truth)
            let refused = try Tool.run(Array(command.prefix(5)) + ["--out", folder.path + "/other.json"])
            #expect(refused.status == 65 && refused.errors.contains("looks for car, the data's objects are car ?"), "\(refused.errors)")
        }
    }

    @Test func whatCannotBeIsRefused() throws {
        try withFolder { folder in
            let recipe = try recipe(folder)
            let threshold = try Tool.run("pseudo-label", "x", recipe, "--out", "y.json", "--threshold", "2")
            #expect(threshold.status == 64 && threshold.errors.contains("expected a --threshold from 0 to 1, found 2"))
            let nobody = try Tool.run("pseudo-label", folder.path + "/nobody", recipe, "--out", folder.path + "/y.json")
            #expect(nobody.status == 65 && nobody.errors.contains("found no trained network at"), "\(nobody.errors)")
            let stage = try Tool.run("pseudo-label", "x", recipe, "--out", "y.json", "--stage", "head")
            #expect(stage.status == 64 && stage.errors.contains("has no stages"))
        }
    }
}
