import Torch

/// How the student sees a batch a second time: with a part of the patches hidden.
public struct MaskedView: Sendable, Equatable {
    /// The share of the batch's images that anything is hidden of; they are its first ones.
    public let probability: Double
    /// The share of such an image's patches that is hidden.
    public let ratio: Double

    public init(probability: Double, ratio: Double) { (self.probability, self.ratio) = (probability, ratio) }

    /// Draws what is hidden, from the device's generator: of each of the first ⌊`probability` · batch⌋ images, ⌊`ratio` · rows · columns⌋
    /// patches, every choice of them as likely.
    /// - Returns: batch×rows×columns, truth values.
    public func draw(batch: Int, rows: Int, columns: Int, device: Device) -> Tensor {
        let images = Int(probability * Double(batch))
        let hidden = Tensor.zeros([batch, rows * columns], dtype: .bool, device: device)
        if images > 0 {
            let chosen = Tensor.rand([images, rows * columns], device: device).ranks .< Int(ratio * Double(rows * columns))
            hidden[0..<images] = chosen
        }
        return hidden.reshape(batch, rows, columns)
    }
}

extension Tensor {
    /// Of each number its rank in its row, from 0.
    var ranks: Tensor {
        let order = sort(1).indices
        return order.zerosLike().scatter(1, order, Tensor.arange(0, size(1), device: device).unsqueeze(0).expand(shape))
    }
}
