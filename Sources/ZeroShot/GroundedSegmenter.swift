import Foundation
import SegData
import SegModels
import Support
import Tokenizers
import Torch
import Vision

/// Masks of whatever a text names: the boxes of an open-vocabulary detector prompt SAM 2. SSKD's composite teacher, which needs no training.
public struct GroundedSegmenter {
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

    /// An object in a picture.
    public struct Object: Sendable, Equatable {
        /// Which of the prompt's phrases it is.
        public let phrase: Int
        public let score: Double
        /// Its pixels that no object of a higher score has.
        public let mask: RunLengthMask

        public init(phrase: Int, score: Double, mask: RunLengthMask) { (self.phrase, self.score, self.mask) = (phrase, score, mask) }
    }

    /// The objects of a picture, the surest first; no two share a pixel, and none is empty.
    /// - Throws: `TorchError`.
    public func callAsFunction(_ image: Image) throws -> [Object] {
        let image = image.rgb
        return try withTorchErrors {
            withoutGradients {
                let found = detections(image)
                return found.isEmpty ? [] : objects(found, image)
            }
        }
    }

    private func detections(_ image: Image) -> [Detection] {
        let size = detector.inputSize(height: image.height, width: image.width)
        let output = detector(detector.normalize(pixels(image, size)), ids: prompt.ids)
        return output.detections(
            ranges: prompt.ranges, height: image.height, width: image.width, score: detector.phraseScore, threshold: threshold)
    }

    /// Masks where the probability is above ½, at the picture's size, painted in the order of the scores.
    private func objects(_ found: [Detection], _ image: Image) -> [Object] {
        let embedding = segmenter.embed(segmenter.normalize(pixels(image, [segmenter.side, segmenter.side])))
        let (x, y) = (Double(segmenter.side) / Double(image.width), Double(segmenter.side) / Double(image.height))
        let corners = found.flatMap { [$0.left * x, $0.top * y, $0.right * x, $0.bottom * y].map(Float.init) }
        let masks = segmenter.masks(embedding, boxes_K4: Tensor(corners, shape: [found.count, 4], device: device)).logits
        let free = Tensor.ones([image.height, image.width], dtype: .bool, device: device)
        return found.enumerated().compactMap { index, detection in
            let logits = F.bilinear(masks[index].unsqueeze(0).unsqueeze(0), [image.height, image.width])[0, 0]
            let own = (logits .> 0) .& free
            free.copy_(free .& .!own)
            let raster = Raster(width: image.width, height: image.height, values: own.to(.uint8).array(of: UInt8.self))
            let mask = RunLengthMask(raster, where: 1)
            return mask.isEmpty ? nil : Object(phrase: detection.phrase, score: detection.score, mask: mask)
        }
    }

    private func pixels(_ image: Image, _ size: [Int]) -> Tensor {
        let resized = image.resized(width: size[1], height: size[0])
        return Tensor(resized.pixels, shape: [1, size[0], size[1], 3], device: device)
    }
}

extension GroundedSegmenter {
    /// The phrases as classes, in colours of their own.
    public var classes: ClassList { ClassList(names: prompt.phrases) }

    /// COCO's categories: the phrases, numbered from 1.
    public var categories: [COCOCategory] { prompt.phrases.enumerated().map { COCOCategory(id: $0 + 1, name: $1) } }

    /// The objects of one picture as COCO's annotations.
    /// - Parameters:
    ///   - image: its number.
    ///   - first: the number of the first object.
    public static func annotations(_ objects: [Object], image: Int, from first: Int) -> [COCOAnnotation] {
        objects.enumerated().map { index, object in
            COCOAnnotation(
                id: first + index, image: image, category: object.phrase + 1, segmentation: .runs(object.mask),
                area: Double(object.mask.area), box: Box(object.mask), score: object.score)
        }
    }
}
