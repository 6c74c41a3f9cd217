import Torch

enum Distance {
    /// Σ (student − teacher)² over everything that is not ignored; no gradient for `teacher`.
    static func squared(_ student: Tensor, _ teacher: Tensor, ignoring ignored: Tensor?) -> Tensor {
        guard let ignored else { return F.mse(student, teacher, reduction: .sum) }
        return F.mse(student.maskedFill(ignored, 0), teacher.maskedFill(ignored, 0), reduction: .sum)
    }
}

/// Attention maps: where a network is active, as Zagoruyko and Komodakis 2017 sum it up.
enum Attention {
    /// The mean square over the channels of B×C×h×w, on the grid `size` and as a vector of length 1 for each image, B×(h·w).
    ///
    /// It is 0 where the labels of `inputs` ignore the grid. Where the sizes differ it is resized bilinearly (align_corners false), each
    /// value from those neighbours that are not ignored.
    static func vector(of features: Tensor, size: [Int], _ inputs: MethodInputs) -> Tensor {
        // The norm's gradient needs no map of squares.
        var energy = features.norm([1], keepDimensions: true).square() / Double(features.size(1))
        if Array(energy.shape.suffix(2)) != size {
            if let ignored = inputs.ignored(on: energy) {
                let share = F.bilinear((.!ignored).to(energy.dtype), size)
                energy = F.bilinear(energy.maskedFill(ignored, 0), size) / share.clamp(min: 1e-6)
            } else {
                energy = F.bilinear(energy, size)
            }
        }
        return (inputs.ignored(on: energy).map { energy.maskedFill($0, 0) } ?? energy).flatten(1).normalized(1)
    }
}
