import Torch

/// Where the features of a map change: from 0 inside of a region to 1 where a neighbour's feature has nothing in common.
///
/// B(i) = 1 − minⱼ max(0, cos(Fᵢ, Fⱼ)) over the up to eight neighbours j of i, or the mean instead of the minimum. Neighbours outside of the map and
/// ignored ones are left out; ignored positions, and those without any neighbour, are 0.
package enum BoundaryMap {
    package enum Reduction: String, CaseIterable { case min, mean }

    /// B×1×h×w from B×C×h×w.
    /// - Parameter ignored: B×1×h×w, truth values.
    package static func of(_ map: Tensor, ignored: Tensor?, _ reduction: Reduction) -> Tensor {
        let none = ignored ?? .zeros([1, 1, map.size(2), map.size(3)], dtype: .bool, device: map.device)
        let counted = NeighbourCosines.seenFromBothEnds(NeighbourCosines.counted(none, dtype: map.dtype))
        let distances = (1.0 - F.relu(NeighbourCosines.seenFromBothEnds(NeighbourCosines.of(map)))) * counted
        switch reduction {
        case .min: return distances.amax([1], keepDimensions: true)
        case .mean: return distances.sum([1], keepDimensions: true) / counted.sum([1], keepDimensions: true).clamp(min: 1)
        }
    }
}
