import Foundation
import SegData
import SegModels
import Support
import Tokenizers
import Torch
import Vision

/// Masks of whatever a text names: the boxes of an open-vocabulary detector prompt SAM 2. SSKD's composite teacher, which needs no training.
public struct GroundedSegmenter: ObjectFinder {
    /// What is looked for.
    public let prompt: TextPrompt
    private let detector: GroundingDINO
    private let segmenter: SAM2
    private let device: Device
    private let threshold: Double

    /// - Parameters:
    ///   - detectorFolder: of a Grounding DINO with its tokenizer, in transformers' layout.
    ///   - segmenterFolder: of a SAM 2, in transformers' layout.
    ///   - classes: phrases, each with a full stop behind it.
    ///   - threshold: the scores of boxes must be above it.
    /// - Throws: `UserError` for wrong folders and for prompts that the detector can't read; `LoadError`, `TensorFileError`.
    public init(
        detector detectorFolder: URL, segmenter segmenterFolder: URL, classes: String, threshold: Double = 0.3, device: Device
    ) throws {
        // What can be wrong in a moment comes before the weights.
        let limit = try GroundingDINO.pieceLimit(detectorFolder)
        let prompt = try TextPrompt(classes, tokenizer: WordPieceTokenizer(folder: detectorFolder), limit: limit)
        (self.prompt, self.threshold, self.device) = (prompt, threshold, device)
        segmenter = try SAM2.load(segmenterFolder).to(device)
        detector = try GroundingDINO.load(detectorFolder).to(device)
        try detector.check(prompt)
    }

    /// The prompt's phrases.
    public var objectClasses: ClassList { ClassList(names: prompt.phrases) }

    /// The objects of a picture, the surest first; no two share a pixel, and none is empty.
    /// - Throws: `TorchError`.
    public func objects(in image: Image) throws -> [ScoredInstance] {
        let image = image.rgb
        return try withTorchErrors {
            withoutGradients {
                let found = detections(image)
                return found.isEmpty ? [] : objects(found, image).painted(threshold: 0)
            }
        }
    }

    private func detections(_ image: Image) -> [Detection] {
        let size = detector.inputSize(height: image.height, width: image.width)
        let output = detector(detector.normalize(pixels(image, size)), ids: prompt.ids)
        return output.detections(
            ranges: prompt.ranges, height: image.height, width: image.width, score: detector.phraseScore, threshold: threshold)
    }

    /// Masks where the probability is above ½, at the picture's size.
    private func objects(_ found: [Detection], _ image: Image) -> [ScoredInstance] {
        let embedding = segmenter.embed(segmenter.normalize(pixels(image, [segmenter.side, segmenter.side])))
        let (x, y) = (Double(segmenter.side) / Double(image.width), Double(segmenter.side) / Double(image.height))
        let corners = found.flatMap { [$0.left * x, $0.top * y, $0.right * x, $0.bottom * y].map(Float.init) }
        let masks = segmenter.masks(embedding, boxes_K4: Tensor(corners, shape: [found.count, 4], device: device)).logits
        return found.enumerated().map { index, detection in
            let logits = F.bilinear(masks[index].unsqueeze(0).unsqueeze(0), [image.height, image.width])[0, 0]
            let pixels = (logits .> 0).to(.uint8).array(of: UInt8.self)
            let raster = Raster(width: image.width, height: image.height, values: pixels)
            return ScoredInstance(category: detection.phrase, score: detection.score, mask: RunLengthMask(raster, where: 1))
        }
    }

    private func pixels(_ image: Image, _ size: [Int]) -> Tensor {
        let resized = image.resized(width: size[1], height: size[0])
        return Tensor(resized.pixels, shape: [1, size[0], size[1], 3], device: device)
    }
}
