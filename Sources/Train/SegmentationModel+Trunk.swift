import SegModels
import Torch
import TorchNN

extension SegmentationModel {
    /// The parameters below the head: the backbone's, or the encoder's. All of them in a network that has no such part.
    var trunk: [Tensor] {
        let head = headTensors + classifierTensors
        let below = namedParameters().filter { name, _ in !head.contains { matches(name, $0) } }
        return below.isEmpty ? parameters() : below.map(\.1)
    }
}
