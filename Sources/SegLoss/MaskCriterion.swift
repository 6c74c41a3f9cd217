import Torch

/// The loss of Mask2Former (Cheng et al., CVPR 2022): every true mask is given to the query that fits it best, and that query learns its
/// class and its mask at points; all other queries learn that they are nothing. Each layer of the decoder is judged in this way, with an
/// assignment of its own.
public struct MaskCriterion {
    /// The constants; the paper's are the recipe's defaults (`loss.masks`).
    public struct Options: Sendable, Equatable {
        /// Factors of the three terms, in the loss and in the matching.
        public var classWeight: Double
        public var maskWeight: Double
        public var diceWeight: Double
        /// The weight of "no object" in the cross-entropy; that of a class is 1.
        public var noObject: Double
        /// Where masks are compared: points of the matching, and of each mask's loss.
        public var points: Int
        /// How many times as many candidates there are for the loss's points.
        public var oversampling: Double
        /// The share of the points that are the candidates about which the prediction is least sure; the others are drawn anew.
        public var importance: Double

        public init(
            classWeight: Double, maskWeight: Double, diceWeight: Double, noObject: Double, points: Int, oversampling: Double,
            importance: Double
        ) {
            (self.classWeight, self.maskWeight, self.diceWeight, self.noObject) = (classWeight, maskWeight, diceWeight, noObject)
            (self.points, self.oversampling, self.importance) = (points, oversampling, importance)
        }
    }

    /// Points that take the place of random ones.
    public struct Points {
        /// P×2 in [0, 1]², x first: of the matching.
        public var matching: Tensor?
        /// (ΣT)×P×2: of each mask's loss, image by image.
        public var loss: Tensor?

        public init(matching: Tensor? = nil, loss: Tensor? = nil) { (self.matching, self.loss) = (matching, loss) }
    }

    public let options: Options

    public init(_ options: Options) { self.options = options }

    /// The loss and its terms, in float32, or in float64 where the masks are; points are drawn by LibTorch's generator.
    ///
    /// The host waits for the device once: the assignment is a search that no device's operators can do, so the costs of all layers and
    /// images come over together. Candidates for the points are in memory one part of a layer at a time; what the backward pass needs stays
    /// until then, of all layers: a copy of the predicted mask and its points for each pair, of which an image has min(T, Q) a layer.
    ///
    /// - Parameters:
    ///   - classes: of each layer B×Q×(K+1); the last entry is "no object".
    ///   - masks: of each layer B×Q×h×w.
    public func callAsFunction(classes: [Tensor], masks: [Tensor], targets: MaskTargets, points: Points = Points()) -> MaskLoss {
        let (batch, queries) = (classes[0].size(0), classes[0].size(1))
        precondition(targets.labels.count == batch && masks.count == classes.count, "a class and a mask for every query of every image")
        let assignments = assign(classes, masks, targets, points.matching)
        let pairs = Pairs(assignments, targets, queries: queries, device: masks[0].device)
        let classification = classLoss(classes, pairs)
        let (mask, dice) = maskLosses(masks, targets, pairs, points.loss)
        let total = classification * options.classWeight + mask * options.maskWeight + dice * options.diceWeight
        return MaskLoss(classification: classification, mask: mask, dice: dice, total: total, assignments: assignments)
    }

    /// The cross-entropy over all queries, each weighted by its class, divided by the sum of the weights; summed over the layers.
    private func classLoss(_ classes: [Tensor], _ pairs: Pairs) -> Tensor {
        let rows = Tensor.concatenate(classes).fullPrecision.flatten(0, 1)
        let weights = Tensor.ones([rows.size(1)], dtype: rows.dtype, device: rows.device)
        weights[rows.size(1) - 1].fill_(options.noObject)
        let matched = Double(pairs.count)
        let unmatched = Double(rows.size(0) / classes.count) - matched
        let sum = F.crossEntropy(rows, pairs.classes(none: rows.size(1) - 1), weight: weights, reduction: .sum)
        // Where nothing has a weight the sum is 0, and stays so: float32 has this number, and one over it.
        return sum / max(matched + unmatched * options.noObject, 1e-30)
    }

    /// Means over the points of each matched mask, summed over masks and layers, divided by the number of true masks.
    private func maskLosses(_ masks: [Tensor], _ targets: MaskTargets, _ pairs: Pairs, _ given: Tensor?) -> (mask: Tensor, dice: Tensor) {
        guard pairs.count > 0 else {
            // Zero, and still a function of the masks.
            let none = masks.reduce(Tensor(0, dtype: masks[0].fullPrecision.dtype, device: masks[0].device)) {
                $0 + $1.flatten()[0..<0].fullPrecision.sum()
            }
            return (none, none)
        }
        var sums: Tensor?
        for (layer, masks) in masks.enumerated() {
            let rows = masks.flatten(0, 1)
            for part in parts(pairs.count, on: masks.device) {
                let maps = rows.indexSelect(0, pairs.rows[layer, part]).fullPrecision.unsqueeze(1)
                let (planes, bits) = (pairs.planes[layer, part], pairs.bits[layer, part])
                let points = withoutGradients {
                    given.map { $0.indexSelect(0, pairs.targets[layer, part]) } ?? draw(maps.detach(), targets, planes)
                }
                let (truth, ignored) = targets.sample(points, planes: planes, bits: bits)
                let logits = PointSampling.sample(maps, points).squeeze(1)
                let found = PointLoss.rows(logits, truth.to(logits.dtype), weights: ignored.map { 1 - $0.to(logits.dtype) }).sum([1])
                sums = sums.map { $0 + found } ?? found
            }
        }
        let means = sums! / Double(max(1, targets.count))
        return (means[0], means[1])
    }

    /// Masks at a time: as many as have a few million candidates together.
    private func parts(_ count: Int, on device: Device) -> [Range<Int>] {
        let samples = max(1, Int(options.oversampling * Double(options.points)))
        let size = max(1, Self.samplesAtOnce(on: device) / samples)
        return stride(from: 0, to: count, by: size).map { $0..<min(count, $0 + size) }
    }

    /// How many of the true masks' samples are to be in memory together.
    static func samplesAtOnce(on device: Device) -> Int { device.kind == .cpu ? 1 << 21 : 1 << 25 }

    /// Points for each mask (PointRend, Kirillov et al. 2020): of uniform candidates those whose logits are nearest to 0, and uniform ones.
    /// Ignored pixels are candidates only where nothing else is left.
    /// - Parameter maps: S×1×h×w.
    /// - Returns: S×P×2.
    private func draw(_ maps: Tensor, _ targets: MaskTargets, _ planes: Tensor) -> Tensor {
        let (count, device) = (maps.size(0), maps.device)
        let candidates = max(options.points, Int(options.oversampling * Double(options.points)))
        let chosen = Int(options.importance * Double(options.points))
        // Coordinate by coordinate in memory, as S×P×2 to see.
        func uniform(_ points: Int) -> Tensor { Tensor.rand([count, 2, points], dtype: maps.dtype, device: device) }
        guard chosen > 0 else { return uniform(options.points).transpose(1, 2) }
        let all = uniform(candidates)
        var certainty = PointSampling.sample(maps, all.transpose(1, 2)).squeeze(1).abs()
        if targets.hasIgnored {
            certainty = certainty.maskedFill(targets.isIgnored(all.transpose(1, 2), planes: planes), .infinity)
        }
        // Which they are matters, not their order: sorting takes longer than finding them.
        let best = Self.topk.many(certainty, chosen, 1, false, false)[1]
        let uncertain = all.gather(2, best.unsqueeze(1).expand([count, 2, chosen]))
        return Tensor.concatenate([uncertain, uniform(options.points - chosen)], 2).transpose(1, 2)
    }

    private static let topk = Operator("aten::topk")
}
