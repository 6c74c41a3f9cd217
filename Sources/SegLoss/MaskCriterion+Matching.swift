import Torch

extension MaskCriterion {
    /// Of each layer and image: for every true mask its query.
    func assign(_ classes: [Tensor], _ masks: [Tensor], _ targets: MaskTargets, _ points: Tensor?) -> [[[Int?]]] {
        guard targets.most > 0 else { return classes.map { _ in targets.labels.map { _ in [] } } }
        let costs = withoutGradients { self.costs(classes, masks, targets, points) }
        let (batch, most, queries) = (costs.size(1), costs.size(2), costs.size(3))
        // The one place where the host waits.
        let numbers = costs.array(of: Float.self).map(Double.init)
        return (0..<classes.count).map { layer in
            targets.labels.enumerated().map { image, labels in
                let start = (layer * batch + image) * most * queries
                return LinearAssignment.solve(numbers[start..<start + labels.count * queries], rows: labels.count, columns: queries)
            }
        }
    }

    /// L×B×T×Q: what it would cost to give a mask to a query. With points p, logits x and shares t of the true mask:
    /// class − softmax[label], mask mean(softplus(x) − x t), dice 1 − (2 Σ σ(x) t + 1) / (Σ σ(x) + Σ t + 1).
    private func costs(_ classes: [Tensor], _ masks: [Tensor], _ targets: MaskTargets, _ given: Tensor?) -> Tensor {
        let device = masks[0].device
        let dtype = masks[0].fullPrecision.dtype
        // The same points for all images and layers: so the true masks are read once.
        let drawn = given?.transpose(0, 1) ?? Tensor.rand([2, options.points], dtype: dtype, device: device)
        // From the top to the bottom, so that what is read of all the queries' masks lies close together.
        let points = drawn.indexSelect(1, drawn[1].sort().indices).transpose(0, 1)
        let (shares, ignored) = targets.sample(points)
        let counted = ignored.map { 1 - $0 } ?? Tensor.ones([shares.size(0), shares.size(2)], dtype: shares.dtype, device: device)
        let truth = (ignored == nil ? shares : shares * counted.unsqueeze(1)).to(dtype)
        let weights = counted.to(dtype).unsqueeze(2)
        let sizes = truth.sum([2]).unsqueeze(1)
        // The share of a mask inside of others is one matrix product, and so is all that is inside of anything that counts.
        let columns = Tensor.concatenate([truth.transpose(1, 2), weights], 2)
        let number = weights.sum([1], keepDimensions: true).clamp(min: 1e-6)
        let places = labels(targets, device).unsqueeze(1).expand([truth.size(0), classes[0].size(1), targets.most])
        let most = targets.most
        let found = zip(classes, masks).map { classes, masks in
            let x = PointSampling.sample(masks.detach().fullPrecision, points.unsqueeze(0))
            let entropy = (PointLoss.softplus(x).matmul(weights) - x.matmul(truth.transpose(1, 2))) / number
            let inside = x.sigmoid().matmul(columns)
            let sums = inside[.all, .all, most..<most + 1]
            let dice = 1 - (inside[.all, .all, 0..<most] * 2.0 + 1) / (sums + sizes + 1)
            let probability = classes.detach().fullPrecision.softmax(-1).gather(2, places)
            let cost = entropy * options.maskWeight + dice * options.diceWeight - probability * options.classWeight
            return cost.transpose(1, 2)
        }
        return Tensor.stack(found)
    }

    /// B×T classes; 0 for what an image has not.
    private func labels(_ targets: MaskTargets, _ device: Device) -> Tensor {
        let rows = targets.labels.flatMap { $0 + .init(repeating: 0, count: targets.most - $0.count) }
        return Tensor(rows, shape: [targets.labels.count, targets.most], device: device)
    }
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
                    let place = targets.place(of: number, in: image)
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
