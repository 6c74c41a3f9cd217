import Torch

extension MaskCriterion {
    /// Of each layer and image: for every true mask its query.
    func assign(_ classes: [Tensor], _ masks: [Tensor], _ targets: MaskTargets, _ points: Tensor?) -> [[[Int?]]] {
        let none = classes.map { _ in targets.labels.map { [Int?](repeating: nil, count: $0.count) } }
        guard targets.count > 0 else { return none }
        let costs = withoutGradients { self.costs(classes, masks, targets, points) }
        // Where an operator failed, as when memory runs out, there are none.
        guard costs.isDefined else { return none }
        let queries = costs.size(2)
        // The one place where the host waits.
        let numbers = costs.array(of: Float.self).map(Double.init)
        var start = 0
        return classes.map { _ in
            targets.labels.map { labels in
                let end = start + labels.count * queries
                defer { start = end }
                return LinearAssignment.solve(numbers[start..<end], rows: labels.count, columns: queries)
            }
        }
    }

    /// L×ΣT×Q: what it would cost to give a mask to a query.
    private func costs(_ classes: [Tensor], _ masks: [Tensor], _ targets: MaskTargets, _ given: Tensor?) -> Tensor {
        let device = masks[0].device
        let dtype = masks[0].fullPrecision.dtype
        // The same points for all images and layers: so the true masks are read once.
        let drawn = given?.transpose(0, 1) ?? Tensor.rand([2, options.points], dtype: dtype, device: device)
        // From the top to the bottom, so that what is read of all the queries' masks lies close together.
        let points = drawn.indexSelect(1, drawn[1].sort().indices).transpose(0, 1)
        let planes = max(1, Self.samplesAtOnce(on: device) / (MaskLayout.masksOfPlane * max(1, points.size(0))))
        let parts = targets.parts(of: planes).map { part in
            costs(classes, masks, MatchedTruth(part, of: targets, at: points, classes: classes[0].size(2), dtype: dtype), points)
        }
        return Tensor.concatenate(parts, 1)
    }

    /// The same for some of the masks. With points p, logits x and shares t of the true mask: class − softmax[label],
    /// mask mean(softplus(x) − x t), dice 1 − (2 Σ σ(x) t + 1) / (Σ σ(x) + Σ t + 1).
    private func costs(_ classes: [Tensor], _ masks: [Tensor], _ truth: MatchedTruth, _ points: Tensor) -> Tensor {
        let found = zip(classes, masks).map { classes, masks in
            let x = PointSampling.sample(masks[truth.images].detach().fullPrecision, points.unsqueeze(0))
            let entropy = (truth.sums(PointLoss.softplus(x)) - truth.products(x)) / truth.numbers
            let inside = x.sigmoid()
            let dice = 1 - (truth.products(inside) * 2.0 + 1) / (truth.sums(inside) + truth.sizes + 1)
            let probability = truth.ofLabels(classes[truth.images].detach().fullPrecision.softmax(-1))
            return entropy * options.maskWeight + dice * options.diceWeight - probability * options.classWeight
        }
        return Tensor.stack(found)
    }
}

/// True masks of N images side by side, at the points of the matching; T are an image's, ΣT all.
private struct MatchedTruth {
    let images: Range<Int>
    /// ΣT×1: the sum of each mask's shares, and how many points count.
    let sizes: Tensor
    let numbers: Tensor
    /// Of each image T×P, 0 where nothing counts.
    private let shares: [Tensor]
    /// N×P×1: how much of a point counts.
    private let weights: Tensor
    /// ΣT: each mask's image, and its class among those of all images.
    private let rows: Tensor
    private let places: Tensor

    init(_ part: [MaskTargets.Block], of targets: MaskTargets, at points: Tensor, classes: Int, dtype: DType) {
        var (shares, weights): ([Tensor], [Tensor]) = ([], [])
        var (rows, places): ([Int], [Int]) = ([], [])
        for (row, block) in part.enumerated() {
            let (masks, ignored) = targets.sample(points, of: block)
            let counted = ignored.map { 1 - $0 }
            shares.append((counted.map { masks.mul_($0) } ?? masks).to(dtype))
            weights.append(counted?.to(dtype) ?? .ones([points.size(0)], dtype: dtype, device: points.device))
            rows += block.masks.map { _ in row }
            places += targets.labels[block.image][block.masks].map { row * classes + $0 }
        }
        let both = Tensor(rows + places, shape: [2, rows.count], device: points.device)
        (self.rows, self.places) = (both[0], both[1])
        (self.shares, self.weights) = (shares, Tensor.stack(weights).unsqueeze(2))
        images = part[0].image..<part[0].image + part.count
        sizes = Tensor.concatenate(shares.map { $0.sum([1], keepDimensions: true) })
        numbers = self.weights.sum([1]).clamp(min: 1e-6).indexSelect(0, self.rows)
    }

    /// ΣT×Q: for each mask how much of the N×Q×P numbers of its image is inside.
    func products(_ x: Tensor) -> Tensor {
        Tensor.concatenate(shares.enumerated().map { row, shares in shares.matmul(x[row].transpose(0, 1)) })
    }

    /// ΣT×Q: for each mask how much of the N×Q×P numbers of its image counts.
    func sums(_ x: Tensor) -> Tensor { x.matmul(weights).squeeze(2).indexSelect(0, rows) }

    /// ΣT×Q: for each mask its class among the N×Q×(K+1) of its image.
    func ofLabels(_ classes: Tensor) -> Tensor { classes.transpose(1, 2).flatten(0, 1).indexSelect(0, places) }
}

/// The pairs of queries and true masks, on the device. Every layer has as many: those of an image are the fewer of its masks and the
/// queries.
struct Pairs {
    /// Of a layer.
    let count: Int
    /// L×S: which of the layer's B·Q queries.
    let rows: Tensor
    /// L×S: which of all true masks.
    let targets: Tensor
    /// L×S: where the mask lies.
    let planes: Tensor
    let bits: Tensor
    private let labels: Tensor
    private let layers: Int
    private let queries: Int

    init(_ assignments: [[[Int?]]], _ targets: MaskTargets, queries: Int, device: Device) {
        var (rows, masks, planes, labels, bits): ([Int], [Int], [Int], [Int], [UInt8]) = ([], [], [], [], [])
        for layer in assignments {
            var mask = 0
            for (image, assigned) in layer.enumerated() {
                for (number, query) in assigned.enumerated() {
                    defer { mask += 1 }
                    guard let query else { continue }
                    let place = targets.layout.place(of: number, in: image)
                    rows.append(image * queries + query)
                    masks.append(mask)
                    planes.append(place.plane)
                    bits.append(place.bit)
                    labels.append(targets.labels[image][number])
                }
            }
        }
        layers = assignments.count
        count = rows.count / layers
        self.queries = targets.labels.count * queries
        let all = Tensor(rows + masks + planes + labels, shape: [4, layers, count], device: device)
        (self.rows, self.targets, self.planes, self.labels) = (all[0], all[1], all[2], all[3])
        self.bits = Tensor(bits, shape: [layers, count], device: device)
    }

    /// The classes that all queries are to say, layer by layer.
    func classes(none: Int) -> Tensor {
        let all = Tensor.full([layers, queries], Double(none), dtype: .int64, device: rows.device)
        return all.scatter(1, rows, labels).flatten()
    }
}
