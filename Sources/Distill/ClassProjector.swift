import Torch
import TorchNN

/// From a network's map to class scores at every position, by 1×1 convolutions: the space in which networks of different families can be
/// compared. Trained beside the student and left out of its checkpoint.
public final class ClassProjector: Module {
    /// What it is made of. Batch normalisation looks at the positions that are not ignored, and at nothing but its batch.
    public enum Form: String, CaseIterable, Sendable {
        /// 1×1 convolution, batch normalisation, ReLU, 1×1 convolution to the classes.
        case convBNReLUConv = "conv-bn-relu-conv"
        /// 1×1 convolution to the classes, batch normalisation.
        case convBN = "conv-bn"
        /// The same and ReLU: scores are never below 0.
        case convBNReLU = "conv-bn-relu"
        /// Nothing: the map holds class scores already.
        case none
    }

    /// The width between the two convolutions is the map's own, and at most this: projecting a wide map must not cost what a stage costs.
    public static let widest = 256

    private let form: Form
    let conv: Conv2d?
    let norm: CountedBatchNorm?
    let scores: Conv2d?

    public init(_ form: Form, from channels: Int, to classes: Int) {
        self.form = form
        let width = form == .convBNReLUConv ? min(channels, Self.widest) : classes
        conv = form == .none ? nil : Conv2d(channels, width, kernel: 1, bias: false)
        norm = form == .none ? nil : CountedBatchNorm(width)
        scores = form == .convBNReLUConv ? Conv2d(width, classes, kernel: 1) : nil
    }

    /// Numbered as in a `torch.nn.Sequential`, in which ReLU is 2.
    public override class var keys: [String: String] { ["conv": "0", "norm": "1", "scores": "3"] }

    /// B×C×h×w to B×K×h×w.
    /// - Parameter ignored: B×1×h×w: positions whose features are not looked at.
    public func callAsFunction(_ x: Tensor, ignoring ignored: Tensor) -> Tensor {
        guard let conv, let norm else { return x }
        let normalized = norm(conv(x), ignoring: ignored)
        if form == .convBN { return normalized }
        let active = F.relu(normalized)
        return scores.map { $0(active) } ?? active
    }
}

extension ClassProjector.Form {
    static var words: [String] { allCases.map(\.rawValue) }

    /// Values that a forward and backward pass keeps for each position of a map.
    func valuesKept(from channels: Int, to classes: Int) -> Int {
        switch self {
        // What the convolution gives, centred, scaled, after ReLU; three gradients; the scores.
        case .convBNReLUConv: 7 * min(channels, ClassProjector.widest) + classes
        case .convBN: 6 * classes
        case .convBNReLU: 7 * classes
        case .none: 0
        }
    }
}
