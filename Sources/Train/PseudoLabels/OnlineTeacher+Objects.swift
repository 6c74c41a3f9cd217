import SegData
import SegModels
import Support
import Torch
import Vision

extension OnlineTeacher {
    /// The objects of each image; nil while there is nobody to ask.
    ///
    /// - Parameters:
    ///   - images: B×H×W×3 bytes.
    ///   - progress: the share of the training that is over.
    func objects(in images: Tensor, at progress: Double) -> [[Instance]]? {
        ask(at: progress) { found(by: $0, in: images) }
    }

    /// Of each query whose likeliest class is one, and likely enough, the mask.
    private func found(by network: Segmenter, in images: Tensor) -> [[Instance]] {
        var taps = Taps()
        let (height, width) = (images.size(1), images.size(2))
        let output = network.predictions(images, hasAuxiliary: false, taps: &taps).final
        let (probabilities, classes) = output.classLogits.float.softmax(-1).max(2)
        let areas = output.maskLogits.float.sigmoid().sum([2, 3])
        let isSure = (probabilities .> threshold) .& (areas .> recipe.minimumArea) .& (classes .< output.classLogits.size(2) - 1)
        // The targets are the host's: it waits for the device here.
        let (sure, labels) = (isSure.to(.uint8).array(of: UInt8.self), classes.array(of: Int.self))
        let queries = classes.size(1)
        return (0..<images.size(0)).map { image in
            let kept = (0..<queries).filter { sure[image * queries + $0] == 1 }
            guard !kept.isEmpty else { return [] }
            let logits = output.maskLogits[image].indexSelect(0, Tensor(kept, device: images.device)).float.unsqueeze(0)
            let pixels = (F.bilinear(logits, [height, width]) .> 0).to(.uint8).array(of: UInt8.self)
            return kept.enumerated().compactMap { number, query in
                let own = Array(pixels[number * height * width..<(number + 1) * height * width])
                let mask = RunLengthMask(Raster<UInt8>(width: width, height: height, values: own), where: 1)
                return mask.isEmpty ? nil : Instance(category: labels[image * queries + query], mask: mask)
            }
        }
    }
}
