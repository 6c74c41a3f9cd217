import Foundation
import Recipes
import SegModels
import Support
import Torch
import TorchNN

/// A model on its device with the precision that it computes in.
public final class Network<Model: VisionModel> {
    public let model: Model
    public let device: Device
    /// bfloat16 for autocast; nil computes in float32.
    public let autocast: DType?

    /// - Parameter channelsLast: lays out weights, and with them all maps, with a pixel's channels side by side.
    public init(_ model: Model, device: Device, precision: Precision = .float32, channelsLast: Bool = true) {
        self.model = model
        self.device = device
        autocast = precision.autocast(on: device)
        model.to(device, format: channelsLast ? .channelsLast : nil)
    }

    private init(_ model: Model, _ device: Device, _ autocast: DType?) {
        (self.model, self.device, self.autocast) = (model, device, autocast)
    }

    /// The same network as one that gives class scores; nil for a backbone.
    var segmenter: Segmenter? { (model as? SegmentationModel).map { Segmenter($0, device, autocast) } }

    /// Keeps weights in the type that they are computed in: for a network that is not trained.
    public func storeForInference() { model.storeForInference(computingIn: autocast) }

    /// Lets go of the weights: from now on the network only says what it is.
    func release() {
        withoutGradients {
            for (_, tensor) in model.stateDict() { tensor.setData(.zeros([0], dtype: tensor.dtype, device: device)) }
        }
    }

    /// The taps of B×H×W×3 bytes, and no more computed than the deepest of them needs; they may be bfloat16.
    /// - Parameter hidden: patches that the network does not get to see.
    public func record(_ taps: Set<String>, of images_BHWC: Tensor, hiding hidden: HiddenPatches? = nil) -> Taps {
        let input = model.normalize(images_BHWC)
        return withAutocast(autocast, on: device) { model.record(taps, of: input, hiding: hidden) }
    }
}

/// A network that is trained, scored and used.
public typealias Segmenter = Network<SegmentationModel>

extension Network where Model == SegmentationModel {
    /// A forward pass over B×H×W×3 bytes; taps and outputs may be bfloat16.
    public func forward(_ images_BHWC: Tensor, taps: inout Taps) -> ModelOutput {
        let input = model.normalize(images_BHWC)
        return withAutocast(autocast, on: device) { model.forward(input, taps: &taps) }
    }

    /// The masks and classes of a network that predicts masks, of every layer if asked for; taps and outputs may be bfloat16.
    func predictions(_ images_BHWC: Tensor, hasAuxiliary: Bool, taps: inout Taps) -> MaskPredictions {
        guard let network = model as? Mask2Former else { preconditionFailure("\(model.card.name) does not predict masks") }
        let input = model.normalize(images_BHWC)
        return withAutocast(autocast, on: device) { network.predictions(input, hasAuxiliary: hasAuxiliary, taps: &taps)! }
    }

    /// Class scores B×K×size in float32.
    public func scores(_ images_BHWC: Tensor, size: [Int]) -> Tensor {
        var taps = Taps()
        return model.resize(forward(images_BHWC, taps: &taps).logits.float, to: size)
    }
}

extension VisionModel {
    /// Freezes the network and keeps the weights that only convolutions and matrix products read in `type`, which saves casting
    /// them anew each time; all others in float32. Nil keeps float32 throughout.
    func storeForInference(computingIn type: DType?) {
        eval().freeze()
        withoutGradients {
            for (_, tensor) in stateDict() where tensor.dtype.isFloatingPoint {
                let wanted = tensor.dimensions >= 2 ? type ?? .float32 : .float32
                if tensor.dtype != wanted { tensor.setData(tensor.to(wanted)) }
            }
        }
    }
}

extension Precision {
    /// The type to compute in on `device`, nil for float32. `auto` is bfloat16 where the hardware has it.
    public func autocast(on device: Device) -> DType? {
        switch self {
        case .float32: nil
        case .bf16: .bfloat16
        case .auto:
            switch device.kind {
            case .cpu: Processor.hasBF16 ? .bfloat16 : nil
            case .cuda: .bfloat16
            case .mps: nil
            }
        }
    }
}
