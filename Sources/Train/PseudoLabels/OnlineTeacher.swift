import Recipes
import SegData
import SegModels
import Support
import Torch
import TorchOptim
import Vision

/// Says what unlabelled images show while the student learns from it: at first another network, where the recipe has one, then the moving
/// average of the student.
///
/// Guided Distillation (Berrada et al., WACV 2024): the other network guides the burn-in; at its end the student takes the teacher's place,
/// and from then on the teacher follows it. Without the other network as in Unbiased Teacher (Liu et al., ICLR 2021).
final class OnlineTeacher {
    private let guide: Segmenter?
    private let student: Segmenter
    private let average: ExponentialMovingAverage
    private let recipe: OnlineTeacherRecipe
    private let threshold: Double

    /// - Returns: nil where the recipe has none.
    /// - Throws: what loading the other network throws; `UserError` when it predicts no masks.
    init?(_ recipe: Recipe, student: Segmenter) throws {
        guard let unlabelled = recipe.data.unlabelled, let online = unlabelled.online else { return nil }
        (self.recipe, self.student, threshold) = (online, student, unlabelled.threshold)
        average = ExponentialMovingAverage(of: student.model, decay: online.decay)
        guide = try unlabelled.teacher.map { path in
            let model = try SavedModel(at: path).load()
            guard model is Mask2Former else { throw UserError(withoutMasks: model.card.name) }
            let network = Segmenter(
                model, device: student.device, precision: recipe.student.precision, channelsLast: recipe.channelsLast)
            network.storeForInference()
            return network
        }
    }

    /// The objects of each image; nil while there is nobody to ask.
    ///
    /// - Parameters:
    ///   - images: B×H×W×3 bytes.
    ///   - progress: the share of the training that is over.
    func objects(in images: Tensor, at progress: Double) -> [[Instance]]? {
        guard progress >= recipe.burnIn else { return guide.map { found(by: $0, in: images) } }
        return average.withAverages { found(by: student, in: images) }
    }

    /// To be called after each step, with the share of the training that is over then. Until the burn-in ends nothing is averaged, and the
    /// first time takes the student as it is.
    func follow(at progress: Double) {
        if progress >= recipe.burnIn { average.update() }
    }

    /// Of each query whose likeliest class is one, and likely enough, the mask.
    private func found(by network: Segmenter, in images: Tensor) -> [[Instance]] {
        withoutGradients {
            let wasTraining = network.model.isTraining
            network.model.eval()
            defer { network.model.train(wasTraining) }
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

    /// What a checkpoint has to hold.
    var state: [(String, Tensor)] { average.state }

    /// - Throws: `UserError` when it is of another network.
    func load(state: [String: Tensor]) throws { try average.load(state: state) }
}
