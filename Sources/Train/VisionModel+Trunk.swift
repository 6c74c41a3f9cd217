import SegModels
import Torch
import TorchNN

extension VisionModel {
    /// The trained parameters that every loss shapes: those below the head or, where the encoder is frozen, below the classifier. All of them
    /// in a network that has no such part.
    var trunk: [Tensor] {
        let headTensors = (self as? SegmentationModel)?.headTensors ?? []
        let trained = namedParameters().filter { $1.requiresGrad }
        for head in [headTensors + classifierTensors, classifierTensors] {
            let below = trained.filter { name, _ in !head.contains { matches(name, $0) } }
            if !below.isEmpty { return below.map(\.1) }
        }
        return trained.map(\.1)
    }
}
