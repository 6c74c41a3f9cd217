import Foundation
import Vision

/// Pictures of 64×64 pixels with two squares each, "cars", as `coco-json` reads them, and a recipe that trains on them for two steps.
struct Squares {
    let folder: URL
    var recipe: String { folder.path + "/objects.yaml" }
    var truth: String { folder.path + "/train.json" }
    var images: String { folder.path + "/images" }
    private static let side = 64

    /// - Parameters:
    ///   - names: the pictures', without extension.
    ///   - labelled: those whose labels are used; nil: all.
    init(in folder: URL, _ names: [String], labelled: [String]? = nil) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
        var (listed, objects): ([String], [String]) = ([], [])
        for (number, name) in names.enumerated() {
            var image = Image(width: Self.side, height: Self.side, filledWith: 30)
            listed.append(#"{"id":\#(number),"file_name":"\#(name).png","width":\#(Self.side),"height":\#(Self.side)}"#)
            for start in [4, 34] {
                let end = start + 15 + 3 * number
                for y in start..<end { for x in start..<end { image.pixels[3 * (y * Self.side + x)] = 220 } }
                let corners = "\(start),\(start),\(end),\(start),\(end),\(end),\(start),\(end)"
                objects.append(#"{"id":\#(objects.count + 1),"image_id":\#(number),"category_id":4,"segmentation":[[\#(corners)]]}"#)
            }
            try image.write(to: URL(fileURLWithPath: "\(images)/\(name).png"))
        }
        let lists = #""images":[\#(listed.joined(separator: ","))],"annotations":[\#(objects.joined(separator: ","))]"#
        try Data(#"{\#(lists),"categories":[{"id":4,"name":"car"}]}"#.utf8).write(to: URL(fileURLWithPath: truth))
        let list = folder.path + "/labelled.txt"
        try labelled?.joined(separator: "\n").write(toFile: list, atomically: true, encoding: .utf8)
        try """
        name: plain
        threads: 2
        data:
          {dataset: coco-json, root: \(folder.path), train: train, validation: train, test: train, instances: true, loader: {batchSize: 2},
          \(labelled == nil ? "" : "labelled: \(list), ")augmentation: {crop: [64, 64], scale: [1, 1]}}
        student: {model: mask2former-small-resnet18, headChannels: 32, precision: float32}
        loss: {task: instances, masks: {points: 256}}
        optimizer: {kind: adamw, learningRate: 0.001}
        schedule: {steps: 2}
        evaluation: {every: 2}
        log: {every: 1}
        preflight: {enabled: false}
        """.write(toFile: recipe, atomically: true, encoding: .utf8)
    }
}
