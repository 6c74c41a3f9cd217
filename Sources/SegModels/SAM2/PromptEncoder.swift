import Torch
import TorchNN

/// Places as sines and cosines of random projections (Tancik et al. 2020).
final class RandomWaves: Module {
    @Buffer var positionalEmbedding: Tensor

    init(_ width: Int, scale: Double) {
        _positionalEmbedding = Buffer(wrappedValue: Tensor.randn([2, width / 2]) * scale)
    }

    /// …×2, x first, as parts of the image, to …×C.
    func callAsFunction(_ places: Tensor) -> Tensor {
        let phases = (places * 2.0 - 1.0).matmul(positionalEmbedding) * (2 * Double.pi)
        return Tensor.concatenate([phases.sin(), phases.cos()], -1)
    }

    /// 1×C×h×w of the centres of a map's pixels.
    func map(_ height: Int, _ width: Int, _ device: Device) -> Tensor {
        func centres(_ count: Int) -> Tensor { (Tensor.arange(0, count, dtype: .float32, device: device) + 0.5) / Double(count) }
        let shape = [height, width]
        let places = Tensor.stack([centres(width).unsqueeze(0).expand(shape), centres(height).unsqueeze(1).expand(shape)], 2)
        return self(places).permute(2, 0, 1).unsqueeze(0)
    }
}

/// Points and boxes as tokens.
final class PromptEncoder: Module {
    let sharedEmbedding: RandomWaves
    /// Outside of an object, on it, and a box's upper left and lower right corner.
    let pointEmbed: Table
    let notAPointEmbed: Table
    let noMaskEmbed: Table
    /// Of the square images that places are in.
    private let side: Int

    init(_ width: Int, side: Int, points: Int, scale: Double) {
        self.side = side
        sharedEmbedding = RandomWaves(width, scale: scale)
        (pointEmbed, notAPointEmbed, noMaskEmbed) = (Table(points, width), Table(1, width), Table(1, width))
    }

    /// Tokens K×P×C of K prompts; a last one says that no more points follow.
    ///
    /// - Parameters:
    ///   - boxes_K4: left, top, right, bottom in pixels.
    ///   - points_KP2: places in pixels, x first, the same number for every prompt.
    ///   - labels_KP: 1 for a point on the object, 0 for one beside it.
    func callAsFunction(boxes_K4: Tensor?, points_KP2: Tensor?, labels_KP: Tensor?) -> Tensor {
        var tokens: [Tensor] = []
        if let points_KP2, let labels_KP {
            let kinds = pointEmbed.weight.indexSelect(0, labels_KP.flatten()).reshape(labels_KP.shape + [pointEmbed.weight.size(1)])
            tokens.append(waves(points_KP2) + kinds)
        }
        if let boxes_K4 { tokens.append(waves(boxes_K4.reshape(-1, 2, 2)) + pointEmbed.weight[2..<4]) }
        let first = tokens[0]
        tokens.append(notAPointEmbed.weight.unsqueeze(0).expand([first.size(0), 1, first.size(2)]))
        return Tensor.concatenate(tokens, 1)
    }

    /// Places mean the middle of a pixel.
    private func waves(_ places: Tensor) -> Tensor { sharedEmbedding((places + 0.5) / Double(side)) }
}
