import Foundation
import SegData
import SegTesting
import Support
import Testing
import Torch
import Vision
import ZeroShot

/// Tiny random networks of transformers in folders of their own, as `scripts/reference/zero_shot.py` describes them.
@Suite struct GroundedSegmenterTests {
    private struct Files: Decodable {
        let config: String
        let shapes: [String: [Int]]
    }

    private struct Settings: Decodable {
        let classes: String
        let threshold: Double
        let size: [String: Int]
        let vocabulary: [String]
    }

    private let fixture: Fixture
    private let settings: Settings

    init() throws {
        fixture = try Fixture("zero_shot", in: .module)
        settings = try fixture.settings("settings")
    }

    /// Hands the folders of detector and segmenter to `body`.
    private func withFolders<Result>(_ body: (_ detector: URL, _ segmenter: URL) throws -> Result) throws -> Result {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("zero-shot-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let folders = try ["detector", "segmenter"].map { name in
            let folder = root.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let files = try fixture.settings(name, as: Files.self)
            try Data(files.config.utf8).write(to: folder.appendingPathComponent("config.json"))
            let weights = files.shapes.sorted { $0.key < $1.key }.map { ($0.key, formulaWeight($0.key, $0.value)) }
            try Tensor.save(weights, to: folder.appendingPathComponent("model.safetensors"))
            return folder
        }
        try Data(settings.vocabulary.joined(separator: "\n").utf8).write(to: folders[0].appendingPathComponent("vocab.txt"))
        let pixels = try JSONSerialization.data(withJSONObject: ["size": settings.size])
        try pixels.write(to: folders[0].appendingPathComponent("preprocessor_config.json"))
        return try body(folders[0], folders[1])
    }

    private var image: Image {
        get throws {
            let pixels = try fixture["image"]
            return Image(width: pixels.size(1), height: pixels.size(0), pixels: pixels.to(.uint8).array(of: UInt8.self))
        }
    }

    @Test("the objects that transformers' networks find")
    func parity() throws {
        let image = try image
        let found = try withFolders { detector, segmenter in
            let grounded = try GroundedSegmenter(
                detector: detector, segmenter: segmenter, classes: settings.classes, threshold: settings.threshold, device: .cpu)
            #expect(grounded.prompt.phrases == ["car", "traffic light", "dog"])
            return try grounded.objects(in: image)
        }
        #expect(found.map(\.category) == (try fixture["objects.phrase"]).array(of: Int.self))
        // Pillow and this package may round a pixel to neighbouring greys.
        try assertClose(Tensor(found.map(\.score)).float, fixture["objects.score"], relative: 1e-3)
        let masks = try fixture["objects.masks"]
        var different = 0
        var taken = RunLengthMask(Raster<UInt8>(width: image.width, height: image.height), where: 1)
        for (index, object) in found.enumerated() {
            let values = masks[index].to(.uint8).array(of: UInt8.self)
            let expected = RunLengthMask(Raster(width: image.width, height: image.height, values: values), where: 1)
            different += object.mask.area + expected.area - 2 * object.mask.intersectionArea(expected)
            #expect(object.mask.intersectionArea(taken) == 0)
            taken = taken.union(object.mask)
        }
        #expect(different <= image.width * image.height / 500, "\(different) pixels differ")
    }

    @Test("folders and prompts that are wrong")
    func refused() throws {
        try withFolders { detector, segmenter in
            func refusal(_ detector: URL, _ segmenter: URL, _ classes: String) throws -> String {
                let error = #expect(throws: UserError.self, "\(classes)") {
                    try GroundedSegmenter(detector: detector, segmenter: segmenter, classes: classes, device: .cpu)
                }
                return "\(try #require(error))"
            }
            #expect(try refusal(segmenter, segmenter, "car").contains("'sam2' is no detector that reads text"))
            #expect(try refusal(detector, detector, "car").contains("'grounding-dino' is no SAM 2"))
            #expect(try refusal(detector.appendingPathComponent("no"), segmenter, "car").contains("found no config.json"))
            #expect(try refusal(detector, segmenter, "car . 😀").contains("[UNK]"))
            #expect(try refusal(detector, segmenter, ".").contains("names nothing"))
            try FileManager.default.removeItem(at: detector.appendingPathComponent("vocab.txt"))
            #expect(try refusal(detector, segmenter, "car").contains("neither tokenizer.json nor vocab.txt"))
        }
    }
}
