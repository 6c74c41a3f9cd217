/// Functions of PyTorch's `torch.nn.functional`, with its argument order and defaults. Images are B×C×H×W.
public enum F {
    private static let conv2dOp = Operator("aten::conv2d")
    private static let convTransposeOp = Operator("aten::conv_transpose2d.input")
    private static let batchNormOp = Operator("aten::batch_norm")
    private static let layerNormOp = Operator("aten::layer_norm")
    private static let groupNormOp = Operator("aten::group_norm")
    private static let linearOp = Operator("aten::linear")
    private static let maxPoolOp = Operator("aten::max_pool2d")
    private static let avgPoolOp = Operator("aten::avg_pool2d")
    private static let adaptiveAvgPoolOp = Operator("aten::adaptive_avg_pool2d")
    private static let adaptiveMaxPoolOp = Operator("aten::adaptive_max_pool2d")
    private static let bilinearOp = Operator("aten::upsample_bilinear2d")
    private static let bicubicOp = Operator("aten::upsample_bicubic2d")
    private static let nearestOp = Operator("aten::upsample_nearest2d")
    private static let nearestExactOp = Operator("aten::_upsample_nearest_exact2d")
    private static let antialiasOp = Operator("aten::_upsample_bilinear2d_aa")
    private static let bicubicAntialiasOp = Operator("aten::_upsample_bicubic2d_aa")
    private static let reluOp = Operator("aten::relu")
    private static let reluInPlaceOp = Operator("aten::relu_")
    private static let relu6Op = Operator("aten::relu6")
    private static let preluOp = Operator("aten::prelu")
    private static let leakyReluOp = Operator("aten::leaky_relu")
    private static let geluOp = Operator("aten::gelu")
    private static let siluOp = Operator("aten::silu")
    private static let hardswishOp = Operator("aten::hardswish")
    private static let hardsigmoidOp = Operator("aten::hardsigmoid")
    private static let dropoutOp = Operator("aten::dropout")
    private static let featureDropoutOp = Operator("aten::feature_dropout")
    private static let crossEntropyOp = Operator("aten::cross_entropy_loss")
    private static let mseOp = Operator("aten::mse_loss")
    private static let bceOp = Operator("aten::binary_cross_entropy_with_logits")
    private static let attentionOp = Operator("aten::scaled_dot_product_attention")
    private static let gridSampleOp = Operator("aten::grid_sampler_2d")

    public static func conv2d(
        _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1], padding: [Int] = [0, 0],
        dilation: [Int] = [1, 1], groups: Int = 1
    ) -> Tensor {
        OperationCount.convolution(x, weight, stride, padding, dilation)
        return conv2dOp(x, weight, bias, stride, padding, dilation, groups)
    }

    public static func convTranspose2d(
        _ x: Tensor, _ weight: Tensor, bias: Tensor? = nil, stride: [Int] = [1, 1], padding: [Int] = [0, 0],
        outputPadding: [Int] = [0, 0], groups: Int = 1, dilation: [Int] = [1, 1]
    ) -> Tensor {
        OperationCount.add { x.count / max(1, x.size(1)) * weight.count }
        return convTransposeOp(x, weight, bias, stride, padding, outputPadding, groups, dilation)
    }

    public static func batchNorm(
        _ x: Tensor, weight: Tensor?, bias: Tensor?, runningMean: Tensor?, runningVar: Tensor?, training: Bool,
        momentum: Double = 0.1, eps: Double = 1e-5
    ) -> Tensor {
        batchNormOp(x, weight, bias, runningMean, runningVar, training, momentum, eps, true)
    }

    public static func layerNorm(_ x: Tensor, _ shape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) -> Tensor {
        layerNormOp(x, shape, weight, bias, eps)
    }

    public static func groupNorm(_ x: Tensor, _ groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5) -> Tensor {
        groupNormOp(x, groups, weight, bias, eps)
    }

    public static func linear(_ x: Tensor, _ weight: Tensor, bias: Tensor? = nil) -> Tensor {
        OperationCount.add { x.count * weight.size(0) }
        return linearOp(x, weight, bias)
    }

    public static func maxPool2d(
        _ x: Tensor, kernel: [Int], stride: [Int]? = nil, padding: [Int] = [0, 0], dilation: [Int] = [1, 1], ceilMode: Bool = false
    ) -> Tensor {
        maxPoolOp(x, kernel, stride ?? kernel, padding, dilation, ceilMode)
    }

    public static func avgPool2d(
        _ x: Tensor, kernel: [Int], stride: [Int]? = nil, padding: [Int] = [0, 0], ceilMode: Bool = false, countIncludePad: Bool = true
    ) -> Tensor {
        avgPoolOp(x, kernel, stride ?? kernel, padding, ceilMode, countIncludePad)
    }

    public static func adaptiveAvgPool2d(_ x: Tensor, _ size: [Int]) -> Tensor { adaptiveAvgPoolOp(x, size) }

    /// To `size` = [height, width].
    public static func bilinear(_ x: Tensor, _ size: [Int], alignCorners: Bool = false) -> Tensor { bilinearOp(x, size, alignCorners) }
    public static func bicubic(_ x: Tensor, _ size: [Int], alignCorners: Bool = false) -> Tensor { bicubicOp(x, size, alignCorners) }
    /// As `interpolate(mode: "nearest")`: the upper left of the candidates.
    public static func nearest(_ x: Tensor, _ size: [Int]) -> Tensor { nearestOp(x, size) }
    public static func nearestExact(_ x: Tensor, _ size: [Int]) -> Tensor { nearestExactOp(x, size) }
    public static func bilinearAntialiased(_ x: Tensor, _ size: [Int]) -> Tensor { antialiasOp(x, size, false) }
    public static func bicubicAntialiased(_ x: Tensor, _ size: [Int]) -> Tensor {
        // The CPU has no kernel for half-precision types.
        bicubicAntialiasOp(x.float, size, false).to(x.dtype)
    }

    public static func relu(_ x: Tensor) -> Tensor { reluOp(x) }
    @discardableResult public static func relu_(_ x: Tensor) -> Tensor { reluInPlaceOp(x) }
    public static func relu6(_ x: Tensor) -> Tensor { relu6Op(x) }
    public static func prelu(_ x: Tensor, _ slope: Tensor) -> Tensor { preluOp(x, slope) }
    public static func leakyRelu(_ x: Tensor, slope: Double = 0.01) -> Tensor { leakyReluOp(x, slope) }
    /// `approximate`: none or tanh.
    public static func gelu(_ x: Tensor, approximate: String = "none") -> Tensor { geluOp(x, approximate) }
    public static func silu(_ x: Tensor) -> Tensor { siluOp(x) }
    public static func hardswish(_ x: Tensor) -> Tensor { hardswishOp(x) }
    public static func hardsigmoid(_ x: Tensor) -> Tensor { hardsigmoidOp(x) }
    public static func dropout(_ x: Tensor, _ p: Double, training: Bool) -> Tensor { dropoutOp(x, p, training) }
    /// Whole channels are dropped.
    public static func dropout2d(_ x: Tensor, _ p: Double, training: Bool) -> Tensor { featureDropoutOp(x, p, training) }

    /// How the values of a loss become one.
    public enum Reduction: Int, Sendable {
        case none = 0
        case mean = 1
        case sum = 2
    }

    /// `logits` B×K×…, `labels` B×… int64; pixels labelled `ignore` count neither in the sum nor in the mean.
    public static func crossEntropy(
        _ logits: Tensor, _ labels: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean, ignore: Int = -100,
        labelSmoothing: Double = 0
    ) -> Tensor {
        crossEntropyOp(logits, labels, weight, reduction.rawValue, ignore, labelSmoothing)
    }

    public static func mse(_ a: Tensor, _ b: Tensor, reduction: Reduction = .mean) -> Tensor { mseOp(a, b, reduction.rawValue) }

    public static func binaryCrossEntropy(logits: Tensor, _ target: Tensor, reduction: Reduction = .mean) -> Tensor {
        bceOp(logits, target, Argument.none, Argument.none, reduction.rawValue)
    }

    /// softmax(q kᵀ · scale) v over B×heads×N×D; the scale is 1/√D when nil.
    /// - Parameter dropout: how likely each weight of the softmax is set to zero.
    public static func attention(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor? = nil, dropout: Double = 0, scale: Double? = nil
    ) -> Tensor {
        OperationCount.add { q.count * k.size(-2) + q.count / q.size(-1) * v.count / v.size(0) / v.size(1) }
        return attentionOp(q, k, v, mask, dropout, false, scale)
    }

    /// Bilinear samples of `x` at `grid` (B×h×w×2, x first, in [−1, 1]), zeros outside.
    public static func gridSample(_ x: Tensor, _ grid: Tensor, alignCorners: Bool = false) -> Tensor {
        gridSampleOp(x, grid, 0, 0, alignCorners)
    }
}
