import Foundation
import Recipes
import SegModels
import Support
import Torch
import TorchNN

/// A network, on random weights and images, ready to be timed: the forward pass as a frozen teacher makes it, or forward and
/// backward as in training.
public final class ModelWorkload {
    public struct Options: Sendable {
        /// Images at once.
        public var batch = 1
        public var height = 224
        public var width = 224
        /// Of a segmentation head.
        public var classes = 19
        public var precision = Precision.auto
        public var channelsLast = true
        /// In training mode, with the gradients of all weights.
        public var backward = false

        public init() {}
    }

    public let batch: Int
    private let model: VisionModel
    private let image: Tensor
    private let output: String
    private let autocast: DType?
    private let device: Device
    private let backward: Bool

    /// - Parameter name: a model or a backbone of the table, library:name, or a folder in Hugging Face layout.
    /// - Throws: `UserError` when there is no such network, or it does not take the size; what loading a folder throws.
    public init(_ name: String, _ options: Options, device: Device) throws {
        let folder = URL(fileURLWithPath: name)
        model =
            try ModelFolder.isThere(folder) ? ModelFolder(folder).load() : Models.network(name, classes: options.classes)
        try model.checkSize(height: options.height, width: options.width)
        let deepest = ["logits", "patches", "stage4"].first { [taps = model.tapChannels] in taps[$0] != nil }
        output = deepest ?? model.tapChannels.keys.sorted().last!
        batch = options.batch
        backward = options.backward
        autocast = options.precision.autocast(on: device)
        self.device = device
        model.to(device, dtype: .float32, format: options.channelsLast ? .channelsLast : nil)
        model.train(backward)
        if !backward { model.storeForInference(computingIn: autocast) }
        let format: MemoryFormat = options.channelsLast ? .channelsLast : .contiguous
        image = Tensor.randn([options.batch, 3, options.height, options.width], device: device).contiguous(format)
    }

    /// One pass; returns when the device is done.
    public func run() {
        func pass() -> Tensor { withAutocast(autocast, on: device) { model.record([output], of: image)[output]! } }
        if backward {
            for parameter in model.parameters() { parameter.grad = nil }
            pass().float.sum().backward()
        } else {
            _ = withoutGradients { pass() }
        }
        device.synchronize()
    }
}
