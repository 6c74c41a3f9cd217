import Foundation
import Testing

/// Objects by name: what the command says before it reads weights.
@Suite struct PredictTests {
    private static let picture = "docs/images/street-scenes-domains.jpg"

    private func errors(_ arguments: String..., status: Int32) throws -> String {
        let result = try Tool.run(["predict"] + arguments + ["--out", NSTemporaryDirectory()])
        #expect(result.status == status, "\(result.errors)")
        return result.errors
    }

    @Test("--classes and --segmenter go together, --format with neither")
    func optionsThatBelongTogether() throws {
        #expect(try errors("dino", Self.picture, "--classes", "car .", status: 64).contains("expected --segmenter FOLDER beside --classes"))
        #expect(try errors("dino", Self.picture, "--segmenter", "sam2", status: 64).contains("expected --classes TEXT beside --segmenter"))
        #expect(try errors("run", Self.picture, "--threshold", "1", status: 64).contains("expected a number from 0 to below 1"))
        let threshold = try errors(
            "dino", Self.picture, "--classes", "car .", "--segmenter", "sam2", "--threshold", "1.5", status: 64)
        #expect(threshold.contains("--threshold is 1.5") && threshold.contains("0 to below 1"))
    }

    @Test("a detector that reads text, given no text; a folder that holds none")
    func folders() throws {
        try withFolder { folder in
            let config = folder.appendingPathComponent("config.json")
            try Data(#"{"model_type": "grounding-dino", "architectures": ["GroundingDinoForObjectDetection"]}"#.utf8).write(to: config)
            let found = try errors(folder.path, Self.picture, status: 64)
            #expect(found.contains("holds a detector that reads text") && found.contains("--classes TEXT --segmenter FOLDER"))
            try Data(#"{"model_type": "dinov2"}"#.utf8).write(to: config)
            let other = try errors(folder.path, Self.picture, "--classes", "car .", "--segmenter", "sam2", status: 65)
            #expect(other.contains("'dinov2' is no detector that reads text"))
        }
    }
}
