import Foundation
import Testing
import Vision

/// Objects of a teacher in images without labels, as a user has them: written, checked, trained on.
@Suite struct PseudoLabelTests {
    /// Four pictures with two squares each, as `coco-json` reads them, and a recipe that uses the labels of two.
    private func recipe(_ folder: URL) throws -> String {
        let images = folder.appendingPathComponent("images")
        try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
        var (listed, objects): ([String], [String]) = ([], [])
        for number in 1...4 {
            var image = Image(width: 64, height: 64, filledWith: 30)
            listed.append(#"{"id":\#(number),"file_name":"\#(number).png","width":64,"height":64}"#)
            for start in [4, 34] {
                let end = start + 12 + 3 * number
                for y in start..<end { for x in start..<end { image.pixels[3 * (y * 64 + x)] = 220 } }
                let corners = "\(start),\(start),\(end),\(start),\(end),\(end),\(start),\(end)"
                objects.append(#"{"id":\#(objects.count + 1),"image_id":\#(number),"category_id":4,"segmentation":[[\#(corners)]]}"#)
            }
            try image.write(to: images.appendingPathComponent("\(number).png"))
        }
        let lists = #""images":[\#(listed.joined(separator: ","))],"annotations":[\#(objects.joined(separator: ","))]"#
        try Data(#"{\#(lists),"categories":[{"id":4,"name":"car"}]}"#.utf8).write(to: folder.appendingPathComponent("train.json"))
        try Data("1\n3\n".utf8).write(to: folder.appendingPathComponent("labelled.txt"))
        let recipe = folder.appendingPathComponent("objects.yaml")
        try """
        name: plain
        threads: 2
        data:
          {dataset: coco-json, root: \(folder.path), train: train, validation: train, test: train, instances: true, loader: {batchSize: 2},
          labelled: \(folder.path)/labelled.txt, augmentation: {crop: [64, 64], scale: [1, 1]}}
        student: {model: mask2former-small-resnet18, headChannels: 32, precision: float32}
        loss: {task: instances, masks: {points: 256}}
        optimizer: {kind: adamw, learningRate: 0.001}
        schedule: {steps: 2}
        evaluation: {every: 2}
        log: {every: 1}
        preflight: {enabled: false}
        """.write(to: recipe, atomically: true, encoding: .utf8)
        return recipe.path
    }

    @Test("pseudo-label, data check, distill")
    func theWholePath() throws {
        try withFolder { folder in
            let (recipe, run, file) = (try recipe(folder), folder.path + "/teacher", folder.path + "/found.json")
            func tool(_ arguments: String...) throws -> Tool.Result {
                let result = try Tool.run(arguments)
                #expect(result.status == 0, "\(arguments): \(result.errors)")
                return result
            }
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
