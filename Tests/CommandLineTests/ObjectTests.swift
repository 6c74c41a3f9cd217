import Foundation
import Testing
import Vision

/// Objects as a user has them: trained, scored, predicted, and the predictions scored again.
@Suite struct ObjectTests {
    @Test("train, evaluate, compare, report, predict in both formats, metrics instance")
    func theWholePath() throws {
        try withFolder { folder in
            // Named as Cityscapes names its frames.
            let squares = try Squares(in: folder, ["ulm_0_1", "ulm_0_2"])
            let (recipe, truth) = (squares.recipe, squares.truth)
            let (run, found, city) = (folder.path + "/run", folder.path + "/found", folder.path + "/city")
            let training = try tool("train", recipe, "--out", run)
            #expect(training.errors.contains("validation mask AP ") && training.errors.contains("test mask AP "), "\(training.errors)")
            let scores = try tool("evaluate", run)
            for word in ["AP50", "AP small", "boundaries", "car", "2 images"] { #expect(scores.output.contains(word), "\(scores.output)") }
            let compared = try tool("compare", run)
            for word in ["AP50", "boundary AP", "intervals over seeds"] { #expect(compared.output.contains(word), "\(compared.output)") }
            _ = try tool("report", run)
            let page = try String(contentsOfFile: run + "/report.html", encoding: .utf8)
            #expect(page.contains("% AP of masks</h1>") && page.contains("AP of masks on val"))
            #expect(page.contains("The best images of plain") && page.contains("alt=\"found by plain\""))
            _ = try tool("evaluate", run, "--pictures", folder.path + "/pictures")
            let pictures = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/pictures").sorted()
            #expect(pictures.map { $0.prefix(6) } == ["best-1", "worst-"])
            let tiles = try Image(contentsOf: URL(fileURLWithPath: folder.path + "/pictures/" + pictures[0]))
            #expect(tiles.height == 512 && tiles.width == 3 * 512 + 2 * 5)
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

    @Test("metrics instance: truth that has boxes alone; categories that it does not have")
    func boxesAlone() throws {
        try withFolder { folder in
            let (truth, found) = (folder.path + "/truth.json", folder.path + "/found.json")
            let image = #""images":[{"id":3,"file_name":"a.png","width":8,"height":4}]"#
            let object = #"{"id":1,"image_id":3,"category_id":7,"bbox":[0,0,4,4],"area":16,"iscrowd":0}"#
            try #"{\#(image),"annotations":[\#(object)],"categories":[{"id":7,"name":"cat"}]}"#
                .write(toFile: truth, atomically: true, encoding: .utf8)
            let mask = #""segmentation":[[0,0,4,0,4,4,0,4]],"bbox":[0,0,4,4],"score":0.5"#
            try #"[{"image_id":3,"category_id":7,\#(mask)}]"#.write(toFile: found, atomically: true, encoding: .utf8)
            let boxes = try tool("metrics", "instance", "--pred", found, "--truth", truth)
            #expect(boxes.output.contains("1 objects in 1 images") && !boxes.output.contains("mask"), "\(boxes.output)")
            let boundary = try Tool.run("metrics", "instance", "--pred", found, "--truth", truth, "--boundary")
            #expect(boundary.status == 65 && boundary.errors.contains("truth.json: boundary AP compares masks, and not every object has"))
            let dog = #"{"id":1,"image_id":3,"category_id":7,\#(mask)}"#
            try #"{\#(image),"annotations":[\#(dog)],"categories":[{"id":7,"name":"dog"}]}"#
                .write(toFile: found, atomically: true, encoding: .utf8)
            let named = try tool("metrics", "instance", "--pred", found, "--truth", truth)
            #expect(named.errors.contains("1 detections are of category 'dog', unknown to"), "\(named.errors)")
        }
    }
}
