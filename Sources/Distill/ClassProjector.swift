import Torch
import TorchNN

/// From a network's map to class scores at every position, by 1×1 convolutions: the space in which networks of different families can be
/// compared. Trained beside the student and left out of its checkpoint.
public final class ClassProjector: Module {
    /// What it is made of.
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

    let layers: Sequential

    public init(_ form: Form, from channels: Int, to classes: Int) {
        let width = min(channels, Self.widest)
        layers =
            switch form {
            case .convBNReLUConv:
                Sequential(
                    Conv2d(channels, width, kernel: 1, bias: false), BatchNorm2d(width), Activation(.relu),
                    Conv2d(width, classes, kernel: 1))
            case .convBN: Sequential(Conv2d(channels, classes, kernel: 1, bias: false), BatchNorm2d(classes))
            case .convBNReLU: Sequential(Conv2d(channels, classes, kernel: 1, bias: false), BatchNorm2d(classes), Activation(.relu))
            case .none: Sequential([])
            }
    }

    public override class var keys: [String: String] { ["layers": ""] }

    /// B×C×h×w to B×K×h×w.
    public func callAsFunction(_ x: Tensor) -> Tensor { layers(x) }
}

extension ClassProjector.Form {
    static var words: [String] { allCases.map(\.rawValue) }

    /// Values that a forward and backward pass keeps for each position of a map.
    func valuesKept(from channels: Int, to classes: Int) -> Int {
        switch self {
        // What the convolution, the normalisation and ReLU give, two gradients, and the scores.
        case .convBNReLUConv: 5 * min(channels, ClassProjector.widest) + classes
        case .convBN: 3 * classes
        case .convBNReLU: 4 * classes
        case .none: 0
        }
    }
}
