import Torch
import TorchNN

/// An image classifier, or what a segmentation network needs of it: four maps of growing depth.
///
/// With a number of classes it has its classifier; without, the tensors that only the classifier needs are left out.
open class Backbone: Module {
    /// The channels of the four maps.
    public let channels: [Int]
    /// The image's size over the maps'.
    public let strides: [Int]

    /// - Parameter outputStride: 32 as published, or 16 or 8 by dilation.
    public init(channels: [Int], outputStride: Int) {
        self.channels = channels
        strides = [4, 8, 16, 32].map { min($0, outputStride) }
    }

    /// B×3×H×W to the four maps.
    open func stages(_ image: Tensor) -> [Tensor] {
        preconditionFailure("\(type(of: self)) does not say how it computes its stages")
    }

    /// The last map to scores B×K; nil without a classifier.
    open func classify(_ x: Tensor) -> Tensor? { nil }

    /// Patterns of the tensors that only the classifier needs.
    open class var classifierTensors: [String] { [] }

    /// A published file of such a network begins with a tensor of this name.
    open class var firstTensor: String { "" }

    /// Scores, if there is a classifier; records `stage1` … `stage4` and `logits`.
    @discardableResult
    public final func forward(_ image: Tensor, taps: inout Taps) -> Tensor? {
        let maps = stages(image)
        for (index, map) in maps.enumerated() { taps.record("stage\(index + 1)", map) }
        guard let logits = classify(maps[3]) else { return nil }
        taps.record("logits", logits)
        return logits
    }
}

/// Strides and dilations of the levels of a backbone that keeps its output stride by dilation, as torchvision's
/// `replace_stride_with_dilation`: a level that should not halve the map dilates instead, from its second block on.
struct DilationPlan {
    private let outputStride: Int
    private var stride = 1
    private var dilation = 1

    init(outputStride: Int) { self.outputStride = outputStride }

    /// - Returns: the first block's stride and dilation, and the dilation of those after it.
    mutating func level(stride wanted: Int) -> (stride: Int, first: Int, rest: Int) {
        let before = dilation
        if stride * wanted > outputStride {
            dilation *= wanted
            return (1, before, dilation)
        }
        stride *= wanted
        return (wanted, before, dilation)
    }
}
