import Torch

extension MaskPredictions {
    /// The instances in every image, as `post_process_instance_segmentation` of transformers finds them: of all pairs of a query and a
    /// class the Q likeliest, each scored by its class times the mean probability inside of its mask.
    ///
    /// - Parameters:
    ///   - threshold: the least score; 0 keeps all that have a pixel, as average precision wants them.
    ///   - maskSize: [height, width] that masks are cut out at; nil: their own. transformers takes 384×384.
    ///   - sizes: [height, width] of each image, to which masks are resized by nearest neighbours; nil: `maskSize`.
    public func instances(threshold: Double = 0.5, maskSize: [Int]? = [384, 384], sizes: [[Int]]? = nil) -> [SegmentMap] {
        checkCount(sizes)
        return withoutGradients {
            let probabilities = classLogits.softmax(-1)
            return (0..<maskLogits.size(0)).map { image in
                // Of one image at a time: at its own size a hundred masks are large.
                let masks = maskLogits[image..<image + 1].detach()
                let logits = maskSize.map { F.bilinear(masks, $0) } ?? masks
                return instances(logits[0], probabilities[image], threshold, size: sizes?[image])
            }
        }
    }

    private static let topkOp = Operator("aten::topk")

    private func instances(_ logits_QHW: Tensor, _ probabilities_QK: Tensor, _ threshold: Double, size: [Int]?) -> SegmentMap {
        let (queries, classes) = (probabilities_QK.size(0), probabilities_QK.size(1) - 1)
        // Unsorted, because the order decides which of two overlapping instances is seen.
        let best = Self.topkOp.many(probabilities_QK[.all, 0..<classes].flatten(), queries, -1, true, false)
        let chosen = logits_QHW.indexSelect(0, best[1].floorDivide(classes))
        let isInside = chosen .> 0.0
        let inside = isInside.float
        let sums = (chosen.sigmoid() * inside).sum([1, 2])
        let scores = (best[0] * (sums / (inside.sum([1, 2]) + 1e-6))).array(of: Float.self)
        let labels = best[1].remainder(classes).array(of: Int.self)
        let masks = size.map { F.nearest(inside.unsqueeze(0), $0)[0] .> 0.5 } ?? isInside
        let areas = masks.flatten(1).sum([1]).array(of: Int.self)
        let kept = (0..<queries).filter { areas[$0] > 0 && Double(scores[$0]) >= threshold }
        let shape = Array(masks.shape.suffix(2))
        let ids = Tensor.full(shape, -1, dtype: .int32, device: masks.device)
        for (id, query) in kept.enumerated() { ids.copy_(ids.maskedFill(masks[query], Double(id))) }
        let segments = kept.enumerated().map { Segment(id: $0, label: labels[$1], score: rounded(scores[$1])) }
        return SegmentMap(ids: ids, segments: segments, masks: masks.indexSelect(0, Tensor(kept, device: masks.device)))
    }
}

/// To six places, as transformers gives scores.
func rounded(_ score: Float) -> Double { (Double(score) * 1e6).rounded(.toNearestOrEven) / 1e6 }
