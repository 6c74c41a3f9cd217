import Torch

extension MaskPredictions {
    /// The instances in every image, as `post_process_instance_segmentation` of transformers finds them: of all pairs of a query and a
    /// class the Q likeliest, each scored by its class times the mean probability inside of its mask.
    ///
    /// - Parameters:
    ///   - threshold: the least score; 0 keeps all that have a pixel, as average precision wants them.
    ///   - maskSize: [height, width] that masks are cut out at; nil: their own. transformers takes 384×384.
    ///   - sizes: [height, width] of each image, to which masks are resized by nearest neighbours; nil: `maskSize`.
    ///   - chunk: as ``forEachInstance(of:threshold:maskSize:size:chunk:_:)``.
    public func instances(
        threshold: Double = 0.5, maskSize: [Int]? = [384, 384], sizes: [[Int]]? = nil, chunk: Int = chunkPixels
    ) -> [SegmentMap] {
        checkCount(sizes)
        return withoutGradients {
            (0..<maskLogits.size(0)).map { image in
                let shape = sizes?[image] ?? maskSize ?? Array(maskLogits.shape.suffix(2))
                let ids = Tensor.full(shape, -1, dtype: .int32, device: maskLogits.device)
                var segments: [Segment] = []
                var masks: [Tensor] = []
                forEachInstance(of: image, threshold: threshold, maskSize: maskSize, size: sizes?[image], chunk: chunk) { segment, mask in
                    ids.copy_(ids.maskedFill(mask, Double(segment.id)))
                    segments.append(segment)
                    masks.append(mask)
                }
                let all = masks.isEmpty ? Tensor.zeros([0] + shape, dtype: .bool, device: ids.device) : Tensor.stack(masks)
                return SegmentMap(ids: ids, segments: segments, masks: all)
            }
        }
    }

    /// As many pixels of masks are in memory at once: 32 MB of a number each. A hundred masks of 1024×2048 are 25 times that.
    public static let chunkPixels = 1 << 23

    private static let topkOp = Operator("aten::topk")

    /// Calls `body` with the instances of one image in turn, numbered from 0, and their masks, H×W truth values: as ``instances``, whose
    /// memory does not grow with their number. They are the same however many are looked at together.
    /// - Parameters:
    ///   - size: [height, width], to which masks are resized by nearest neighbours; nil: `maskSize`.
    ///   - chunk: pixels of masks that are resized together, a mask at least.
    public func forEachInstance(
        of image: Int, threshold: Double, maskSize: [Int]?, size: [Int]? = nil, chunk: Int = chunkPixels,
        _ body: (_ segment: Segment, _ mask: Tensor) -> Void
    ) {
        withoutGradients {
            let probabilities_QK = classLogits[image].softmax(-1)
            let classes = probabilities_QK.size(1) - 1
            // Unsorted, because the order decides which of two overlapping instances is seen.
            let best = Self.topkOp.many(probabilities_QK[.all, 0..<classes].flatten(), probabilities_QK.size(0), -1, true, false)
            let (probabilities, places) = (best[0].array(of: Float.self), best[1].array(of: Int.self))
            // A score is its class's probability at most; a hair is left for rounding.
            let likely = probabilities.indices.filter { Double(probabilities[$0]) * 1.0001 >= threshold }
            let pixels = (maskSize ?? Array(maskLogits.shape.suffix(2))).reduce(1, *)
            let step = max(1, chunk / pixels)
            var count = 0
            for start in stride(from: 0, to: likely.count, by: step) {
                let chosen = likely[start..<min(start + step, likely.count)]
                let queries = Tensor(chosen.map { places[$0] / classes }, device: maskLogits.device)
                let cut = cutOut(maskLogits[image].detach().indexSelect(0, queries), maskSize, size)
                for (index, (pair, area)) in zip(chosen, cut.areas).enumerated() {
                    let score = probabilities[pair] * cut.sureness[index]
                    guard area > 0, Double(score) >= threshold else { continue }
                    body(Segment(id: count, label: places[pair] % classes, score: rounded(score)), cut.masks[index])
                    count += 1
                }
            }
        }
    }

    /// - Returns: N×H×W truth values, their pixels, and the mean probability inside of each mask.
    private func cutOut(_ logits_Nhw: Tensor, _ maskSize: [Int]?, _ size: [Int]?) -> (masks: Tensor, areas: [Int], sureness: [Float]) {
        let logits = maskSize.map { F.bilinear(logits_Nhw.unsqueeze(0), $0)[0] } ?? logits_Nhw
        let isInside = logits .> 0.0
        let inside = isInside.float
        // Row by row: a sum of all at once goes about it in another way when a mask is alone.
        func sums(_ values: Tensor) -> Tensor { values.sum([2]).sum([1]) }
        let sureness = (sums(logits.sigmoid().mul_(inside)) / (sums(inside) + 1e-6)).array(of: Float.self)
        let masks = size.map { F.nearest(inside.unsqueeze(0), $0)[0] .> 0.5 } ?? isInside
        return (masks, masks.flatten(1).sum([1]).array(of: Int.self), sureness)
    }
}

/// To six places, as transformers gives scores.
func rounded(_ score: Float) -> Double { (Double(score) * 1e6).rounded(.toNearestOrEven) / 1e6 }
