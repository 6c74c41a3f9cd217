import Torch

/// What a mask-classification network says of a batch of images: Q masks each, and a class for every mask.
public struct MaskPredictions {
    /// One layer's classes and masks.
    public struct Layer {
        /// B×Q×(K+1); the last entry is "no object".
        public let classLogits: Tensor
        /// B×Q×h×w, before the sigmoid.
        public let maskLogits: Tensor

        public init(classLogits: Tensor, maskLogits: Tensor) {
            self.classLogits = classLogits
            self.maskLogits = maskLogits
        }
    }

    /// After the last layer of the decoder.
    public let final: Layer
    /// Of the queries themselves and after each layer but the last, for deep supervision; empty unless asked for.
    public let auxiliary: [Layer]

    public var classLogits: Tensor { final.classLogits }
    public var maskLogits: Tensor { final.maskLogits }

    public init(final: Layer, auxiliary: [Layer] = []) {
        self.final = final
        self.auxiliary = auxiliary
    }

    /// B×K×h×w: at each pixel the sum over the masks of their probability there times that of the class (Cheng et al. 2021, equation 4).
    public var semantic: Tensor {
        let classes = classLogits.size(-1) - 1
        let probabilities_BQK = classLogits.softmax(-1)[.all, .all, 0..<classes]
        let masks = maskLogits.sigmoid()
        let sums = probabilities_BQK.transpose(1, 2).matmul(masks.flatten(2))
        return sums.reshape(masks.size(0), classes, masks.size(2), masks.size(3))
    }
}
