import Recipes
import Torch
import TorchNN

/// What methods share that hide a part of the student's map and have the teacher's generated from the rest.
enum MaskedGeneration {
    static let maskDraw = RandomDraw("mask", shape: "B×1×h×w", doc: "1 where the student's map stays, 0 where it is hidden.")

    /// Two 3×3 convolutions with a ReLU between them, as wide as the teacher's map.
    static func generator(_ channels: Int) -> Sequential {
        Sequential(
            Conv2d(channels, channels, kernel: 3, padding: 1), Activation(.relu), Conv2d(channels, channels, kernel: 3, padding: 1))
    }

    /// Where `map` (B×C×h×w) is hidden, B×1×h×w: where the given mask is 0, or each position with probability `share`; and where it is
    /// ignored, because the convolutions would carry that to its neighbours.
    static func hidden(_ share: Double, of map: Tensor, _ inputs: MethodInputs, ignoring ignored: Tensor?) -> Tensor {
        let drawn = { Tensor.rand([map.size(0), 1, map.size(2), map.size(3)], device: map.device) .> (1 - share) }
        let hidden = inputs.draws["mask"].map { $0 .== 0 } ?? drawn()
        return ignored.map { hidden .| $0 } ?? hidden
    }

    /// Bytes of the generator's activations and gradients for maps B×C×h×w: what is hidden, two convolutions' outputs, the ReLU's, and
    /// the gradients of three of them.
    static func peakMemory(_ student: [Int], teacherChannels: Int) -> Int { 4 * 7 * student[0] * teacherChannels * student[2] * student[3] }
}
