import Torch

extension MaskPredictions {
    /// Every pixel's segment, as `post_process_panoptic_segmentation` of transformers finds it: queries that are sure of a class compete
    /// for the pixels, and one that loses too much of its mask is dropped.
    ///
    /// Two differences, as in the authors' own code: numbers are never given twice (transformers may, after a class that is fused), and
    /// the parts of a fused class are one entry, with the score of the first.
    ///
    /// - Parameters:
    ///   - threshold: a query's class must be likelier than this.
    ///   - maskThreshold: where probability times score reaches it, a pixel counts as the query's.
    ///   - overlap: of those pixels it must win more than this part.
    ///   - fusing: classes all of whose parts are one segment (stuff).
    ///   - maskSize: [height, width] that masks are resized to first; nil: their own. transformers takes 384×384.
    ///   - sizes: [height, width] of each image; nil: `maskSize`.
    /// - Returns: segments numbered from 1; 0 is nobody's, and −1 fills an image in which nothing was found.
    public func panoptic(
        threshold: Double = 0.5, maskThreshold: Double = 0.5, overlap: Double = 0.8, fusing: Set<Int> = [], maskSize: [Int]? = [384, 384],
        sizes: [[Int]]? = nil
    ) -> [SegmentMap] {
        checkCount(sizes)
        return withoutGradients {
            let masks = resizedMasks(maskSize).sigmoid()
            let (scores, labels) = classLogits.softmax(-1).max(-1)
            let none = classLogits.size(-1) - 1
            return (0..<masks.size(0)).map { image in
                let found = scores[image].array(of: Float.self)
                let classes = labels[image].array(of: Int.self)
                let kept = classes.indices.filter { classes[$0] != none && Double(found[$0]) > threshold }
                let size = sizes?[image] ?? Array(masks.shape.suffix(2))
                guard !kept.isEmpty else {
                    let ids = Tensor.full(size, -1, dtype: .int32, device: masks.device)
                    return SegmentMap(ids: ids, segments: [], masks: .zeros([0] + size, dtype: .bool, device: masks.device))
                }
                let places = Tensor(kept, device: masks.device)
                var chosen = masks[image].indexSelect(0, places)
                if sizes != nil { chosen = F.bilinear(chosen.unsqueeze(0), size)[0] }
                let weighted = chosen * scores[image].indexSelect(0, places).view(-1, 1, 1)
                return Self.join(
                    weighted, labels: kept.map { classes[$0] }, scores: kept.map { found[$0] }, maskThreshold, overlap, fusing)
            }
        }
    }

    private static func join(
        _ weighted_NHW: Tensor, labels: [Int], scores: [Float], _ maskThreshold: Double, _ overlap: Double, _ fusing: Set<Int>
    ) -> SegmentMap {
        let count = labels.count
        let winners = weighted_NHW.argmax(0)
        let areas = winners.flatten().bincount(minLength: count).array(of: Int.self)
        let claims = (weighted_NHW .>= maskThreshold).flatten(1).sum([1]).array(of: Int.self)
        var segments: [Segment] = []
        var fused: [Int: Int] = [:]
        // The segment of each query; nobody's pixels have 0.
        var numbers = [Int32](repeating: 0, count: count)
        for query in 0..<count where areas[query] > 0 && claims[query] > 0 && Double(areas[query]) / Double(claims[query]) > overlap {
            let label = labels[query]
            if let id = fused[label] {
                numbers[query] = Int32(id)
                continue
            }
            let id = segments.count + 1
            numbers[query] = Int32(id)
            segments.append(Segment(id: id, label: label, score: rounded(scores[query])))
            if fusing.contains(label) { fused[label] = id }
        }
        let ids = Tensor(numbers, device: weighted_NHW.device)[winners]
        let range = Tensor.arange(1, segments.count + 1, dtype: .int32, device: ids.device).view(segments.count, 1, 1)
        return SegmentMap(ids: ids, segments: segments, masks: ids.unsqueeze(0) .== range)
    }
}
