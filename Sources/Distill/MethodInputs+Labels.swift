import Torch

extension MethodInputs {
    /// The labels on the grid of `map` (B×C×h×w), B×h×w, by nearest as PyTorch's `interpolate` takes it; nil without labels.
    func labels(on map: Tensor) -> Tensor? {
        labels.map { labels in
            let size = Array(map.shape.suffix(2))
            guard Array(labels.shape.suffix(2)) != size else { return labels }
            // float32 holds every class index.
            return F.nearest(labels.unsqueeze(1).float, size).squeeze(1).long
        }
    }

    /// The class at every position of `map` (B×C×h×w), B×1×h×w: 0 where there is none, which ``ignored(on:)`` tells apart.
    /// For methods whose schema says that they need labels.
    func targets(on map: Tensor) -> Tensor {
        guard let labels = labels(on: map) else { preconditionFailure("the method needs labels") }
        return labels.maskedFill(labels .== 255, 0).unsqueeze(1)
    }

    /// Where `map` (B×C×h×w) is not to be looked at, B×1×h×w; nil when every position counts.
    func ignored(on map: Tensor) -> Tensor? { labels(on: map).map { ($0 .== 255).unsqueeze(1) } }

    /// The number of positions of `map` over all images that count, at least 1; a scalar.
    func positions(on map: Tensor) -> Tensor {
        guard let labels = labels(on: map) else { return .full([], Double(map.count / map.size(1)), device: map.device) }
        return (labels .!= 255).sum().clamp(min: 1)
    }
}
