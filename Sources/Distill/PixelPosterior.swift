import Torch

/// What a network says of each position of a grid, by which ``NegativeSampler`` tells positions apart. Without gradient.
struct PixelPosterior {
    enum Kind: String {
        /// Which query's mask, and which class.
        case fusion
        case mask, `class`
        /// Nothing.
        case uniform

        /// The roles of what it is made of.
        func needs(from roles: Set<String>) -> [String] {
            switch self {
            case .fusion: ["masks", "classes"]
            case .mask: ["masks"]
            case .class: roles.contains("scores") ? ["scores"] : ["masks", "classes"]
            case .uniform: []
            }
        }
    }

    let kind: Kind
    /// Divides the masks' scores.
    let maskTemperature: Double
    /// Whether it is brought to length 1.
    let isNormalized: Bool

    /// - Parameter setup: of `sskd-contrast`.
    init(_ setup: MethodSetup) {
        kind = Kind(rawValue: setup.text("sampler"))!
        (maskTemperature, isNormalized) = (setup.number("maskTemperature"), setup.flag("normalize"))
    }

    /// P×E; nil for ``Kind/uniform``.
    /// - Parameters:
    ///   - maps: `masks` B×Q×h×w and `classes` B×Q×(K+1), or `scores` B×K×h×w, before the softmax; maps are resized bilinearly.
    ///   - size: of the grid.
    func callAsFunction(_ maps: [String: Tensor], size: [Int]) -> Tensor? {
        func ofMasks() -> Tensor { shares(maps["masks"]!, size, temperature: maskTemperature) }
        let found: Tensor
        switch kind {
        case .fusion:
            let masks = ofMasks()
            found = .concatenate([masks, classes(maps, masks)], 2)
        case .mask: found = ofMasks()
        case .class: found = maps["scores"].map { shares($0, size, temperature: 1) } ?? classes(maps, ofMasks())
        case .uniform: return nil
        }
        return (isNormalized ? found.normalized(2) : found).flatten(0, 1)
    }

    /// Each position's distribution over the channels of B×C×h×w; B×N×C.
    private func shares(_ scores: Tensor, _ size: [Int], temperature: Double) -> Tensor {
        let map = scores.detach().fullPrecision
        let resized = Array(map.shape.suffix(2)) == size ? map : F.bilinear(map, size)
        return (temperature == 1 ? resized : resized / temperature).softmax(1).flatten(2).transpose(1, 2)
    }

    /// The queries' distributions over the classes, weighted by their masks' (B×N×Q); B×N×(K+1).
    private func classes(_ maps: [String: Tensor], _ masks: Tensor) -> Tensor {
        masks.matmul(maps["classes"]!.detach().fullPrecision.softmax(2))
    }
}
