import Foundation
import Testing
import Vision

/// Objects as a user has them: trained, scored, predicted, and the predictions scored again.
@Suite struct ObjectTests {
    private static let side = 64

    /// Two pictures with two squares each, as `coco-json` reads them, and a recipe.
    private func data(_ folder: URL) throws -> (recipe: String, truth: String) {
        let images = folder.appendingPathComponent("images")
        try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
        var (listed, objects): ([String], [String]) = ([], [])
        for number in 1...2 {
            var image = Image(width: Self.side, height: Self.side, filledWith: 30)
            listed.append(#"{"id":\#(number),"file_name":"ulm_0_\#(number).png","width":\#(Self.side),"height":\#(Self.side)}"#)
            for start in [4, 34] {
                let end = start + 16 + 4 * number
                for y in start..<end { for x in start..<end { image.pixels[3 * (y * Self.side + x)] = 220 } }
                let corners = "\(start),\(start),\(end),\(start),\(end),\(end),\(start),\(end)"
                objects.append(#"{"id":\#(objects.count + 1),"image_id":\#(number),"category_id":4,"segmentation":[[\#(corners)]]}"#)
            }
            try image.write(to: images.appendingPathComponent("ulm_0_\(number).png"))
        }
        let truth = folder.appendingPathComponent("train.json")
        let lists = #""images":[\#(listed.joined(separator: ","))],"annotations":[\#(objects.joined(separator: ","))]"#
        try Data(#"{\#(lists),"categories":[{"id":4,"name":"car"}]}"#.utf8).write(to: truth)
        let recipe = folder.appendingPathComponent("objects.yaml")
        try """
        name: plain
        threads: 2
        data:
          {dataset: coco-json, root: \(folder.path), train: train, validation: train, test: train, instances: true, loader: {batchSize: 2},
          augmentation: {crop: [64, 64], scale: [1, 1]}}
        student: {model: mask2former-small-resnet18, headChannels: 32, precision: float32}
        loss: {task: instances, masks: {points: 256}}
        optimizer: {kind: adamw, learningRate: 0.001}
        schedule: {steps: 2}
        evaluation: {every: 2}
        log: {every: 1}
        preflight: {enabled: false}
        """.write(to: recipe, atomically: true, encoding: .utf8)
        return (recipe.path, truth.path)
    }

    @Test("train, evaluate, compare, report, predict in both formats, metrics instance")
    func theWholePath() throws {
        try withFolder { folder in
            let (recipe, truth) = try data(folder)
            let (run, found, city) = (folder.path + "/run", folder.path + "/found", folder.path + "/city")
            func tool(_ arguments: String...) throws -> Tool.Result {
                let result = try Tool.run(arguments)
                #expect(result.status == 0, "\(arguments): \(result.errors)")
                return result
            }
            let training = try tool("train", recipe, "--out", run)
            #expect(training.errors.contains("validation mask AP ") && training.errors.contains("test mask AP "), "\(training.errors)")
            let scores = try tool("evaluate", run)
            for word in ["AP50", "AP small", "boundaries", "car", "2 images"] { #expect(scores.output.contains(word), "\(scores.output)") }
            let compared = try tool("compare", run)
            for word in ["AP50", "boundary AP", "intervals over seeds"] { #expect(compared.output.contains(word), "\(compared.output)") }
            _ = try tool("report", run)
            let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
            #expect(page.contains("% AP of masks</h1>") && page.contains("AP of masks on val"))
            let refused = try Tool.run("evaluate", run, "--pictures", found)
            #expect(refused.status == 64 && refused.errors.contains("--pictures shows label maps"))
            _ = try tool("predict", run, folder.path + "/images", "--out", found, "--threshold", "0", "--overlay")
            #expect(FileManager.default.fileExists(atPath: found + "/ulm_0_1.overlay.jpg"))
            let scored = try tool("metrics", "instance", "--pred", found + "/predictions.json", "--truth", truth, "--boundary", "--json")
            let record = try JSONSerialization.jsonObject(with: Data(scored.output.utf8)) as? [String: Any]
            let kept = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: run + "/metrics/test-objects.json")))
            let masks = ((kept as? [String: Any])?["masks"] as? [String: Any])?["summary"] as? [String: Any]
            #expect(record?["AP50"] as? Double == masks?["AP50"] as? Double && record?["AP50"] != nil)
            let alone = folder.path + "/alone.safetensors"
            try FileManager.default.copyItem(atPath: run + "/checkpoints/best/model.safetensors", toPath: alone)
            let unsaid = try Tool.run("predict", alone, folder.path + "/images", "--out", found, "--threshold", "0.1")
            #expect(unsaid.status == 64 && unsaid.errors.contains("--threshold is for objects"), "\(unsaid.errors)")
            _ = try tool("predict", alone, folder.path + "/images", "--out", found, "--threshold", "0.1", "--format", "coco")
            _ = try tool("predict", run, folder.path + "/images", "--out", city, "--threshold", "0", "--format", "cityscapes")
            let line = try String(contentsOfFile: city + "/ulm_0_1.txt", encoding: .utf8).split(separator: "\n")[0].split(separator: " ")
            #expect(line.count == 3 && line[0] == "ulm_0_1_0.png" && line[1] == "26")
        }
    }
}
