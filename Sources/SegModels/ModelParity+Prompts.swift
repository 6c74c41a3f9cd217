import Foundation
import Support
import Torch

extension GroundingDINO {
    /// Its outputs for an image and `input_ids`; nil when the folder holds no such network.
    static func parity(_ folder: URL, _ inputs: [String: Tensor]) throws -> [(String, Tensor)]? {
        guard isThere(folder), let image = inputs["image"] else { return nil }
        guard let ids = inputs["input_ids"], ids.dtype == .int64, ids.dimensions == 2, ids.size(0) == 1 else {
            throw UserError("expected a tensor 'input_ids' of 1×T int64", hint: "The detector reads text: give the numbers of its pieces.")
        }
        let model = try load(folder)
        return try withTorchErrors {
            withoutGradients {
                let found = model(image.float, ids: ids.array(of: Int.self))
                return [("logits", found.logits), ("pred_boxes", found.boxes), ("pixels", found.pixels), ("words", found.words)]
            }
        }
    }
}

extension SAM2 {
    /// Its masks for one image and `boxes`, or `points` and `labels`; nil where there are no such inputs.
    static func parity(_ folder: URL, _ inputs: [String: Tensor]) throws -> [(String, Tensor)]? {
        guard let image = inputs["image"], inputs["boxes"] != nil || inputs["points"] != nil else { return nil }
        let model = try load(folder)
        guard image.shape == [1, 3, model.side, model.side] else {
            throw UserError("expected one image of 3×\(model.side)×\(model.side), found \(image.shape)")
        }
        guard (inputs["points"] == nil) == (inputs["labels"] == nil) else { throw UserError("expected 'points' and 'labels' together") }
        return try withTorchErrors {
            withoutGradients {
                let found = model.masks(
                    model.embed(image.float), boxes_K4: inputs["boxes"]?[0].float, points_KP2: inputs["points"]?[0].float,
                    labels_KP: inputs["labels"]?[0].long)
                return [("pred_masks", found.logits), ("iou_scores", found.scores), ("object_score_logits", found.presence)]
            }
        }
    }
}
