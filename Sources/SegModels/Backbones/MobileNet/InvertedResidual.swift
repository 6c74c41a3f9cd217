import Torch
import TorchNN

/// How convolutions are padded.
enum ConvPadding: Sendable {
    /// The same on all sides.
    case even
    /// TensorFlow's SAME: of an odd number of pixels one more below and on the right.
    case same
}

/// Widen, filter each channel, weigh the channels, narrow (Sandler et al. 2018, Howard et al. 2019); added to the input where the shapes
/// allow. Names are timm's, which number the normalisations, so that they shift where nothing is widened.
final class InvertedResidual: Module, Layer {
    /// The sizes of a block.
    struct Shape: Sendable, Equatable {
        var inChannels: Int
        /// Channels of the filtered map; nil for a block that is a single 1×1 convolution.
        var inner: Int?
        var outChannels: Int
        /// Whether there is a convolution that widens, even if to as many channels.
        var widens = true
        var kernel = 3
        var stride = 1
        /// Channels between the two layers that weigh channels; nil without those.
        var squeezed: Int?
        var activation = Activation.Kind.relu6
        /// Whether the input is added where its shape is the result's.
        var hasShortcut = true
    }

    private let widening: (conv: Conv2d, norm: BatchNorm2d)?
    private let filter: (conv: any Layer, norm: BatchNorm2d)?
    private let gate: ChannelWeights?
    private let narrowing: (conv: Conv2d, norm: BatchNorm2d)
    private let activation: Activation.Kind
    private let isResidual: Bool

    init(_ shape: Shape, stride: Int, dilation: Int, padding: ConvPadding, eps: Double, momentum: Double) {
        func pointwise(_ inChannels: Int, _ outChannels: Int) -> (Conv2d, BatchNorm2d) {
            (Conv2d(inChannels, outChannels, kernel: 1, bias: false), BatchNorm2d(outChannels, eps: eps, momentum: momentum))
        }
        activation = shape.activation
        isResidual = shape.inner != nil && shape.hasShortcut && stride == 1 && shape.inChannels == shape.outChannels
        narrowing = pointwise(shape.inner ?? shape.inChannels, shape.outChannels)
        guard let inner = shape.inner else {
            (widening, filter, gate) = (nil, nil, nil)
            return
        }
        widening = shape.widens ? pointwise(shape.inChannels, inner) : nil
        // With stride 1, TensorFlow pads both sides alike.
        let conv: any Layer =
            padding == .even || stride == 1
            ? DepthwiseConv(inner, kernel: shape.kernel, stride: stride, dilation: dilation)
            : SameConv2d(inner, inner, kernel: shape.kernel, stride: stride, groups: inner)
        filter = (conv, BatchNorm2d(inner, eps: eps, momentum: momentum))
        gate = shape.squeezed.map { ChannelWeights(inner, $0) }
    }

    override var members: [(key: String, member: Member)] {
        guard let filter else { return [("conv", .module(narrowing.conv)), ("bn1", .module(narrowing.norm))] }
        let weights = gate.map { [("se", Member.module($0))] } ?? []
        guard let widening else {
            return [("conv_dw", .module(filter.conv)), ("bn1", .module(filter.norm))] + weights
                + [("conv_pw", .module(narrowing.conv)), ("bn2", .module(narrowing.norm))]
        }
        let first: [(key: String, member: Member)] = [
            ("conv_pw", .module(widening.conv)), ("bn1", .module(widening.norm)), ("conv_dw", .module(filter.conv)),
            ("bn2", .module(filter.norm)),
        ]
        return first + weights + [("conv_pwl", .module(narrowing.conv)), ("bn3", .module(narrowing.norm))]
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        guard let filter else { return activation.applied(narrowing.norm(narrowing.conv(x))) }
        var out = x
        if let widening { out = activation.applied(widening.norm(widening.conv(out))) }
        out = activation.applied(filter.norm(filter.conv(out)))
        if let gate { out = gate(out) }
        out = narrowing.norm(narrowing.conv(out))
        return isResidual ? out.add_(x) : out
    }
}

/// Every channel times a weight from 0 to 1 that follows from the means of all (Hu et al. 2018, with a piecewise linear sigmoid).
final class ChannelWeights: Module, Layer {
    let convReduce: Conv2d
    let convExpand: Conv2d

    init(_ channels: Int, _ squeezed: Int) {
        convReduce = Conv2d(channels, squeezed, kernel: 1)
        convExpand = Conv2d(squeezed, channels, kernel: 1)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let weights = F.hardsigmoid(convExpand(F.relu_(convReduce(x.mean([2, 3], keepDimensions: true)))))
        // A gradient needs the map as it was.
        return isRecordingGradients ? x * weights : x.mul_(weights)
    }
}

extension Activation.Kind {
    private static let hardswish_ = Operator("aten::hardswish_")

    /// Of a normalisation's result, which nobody else needs: in place where that costs a gradient nothing.
    func applied(_ x: Tensor) -> Tensor {
        switch self {
        case .relu: F.relu_(x)
        case .relu6: relu6_(x)
        case .hardswish where !isRecordingGradients: Self.hardswish_(x)
        default: Activation(self)(x)
        }
    }
}
