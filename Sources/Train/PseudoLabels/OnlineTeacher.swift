import Recipes
import SegData
import SegModels
import Support
import Torch
import TorchOptim

/// Says what unlabelled images show while the student learns from it: at first another network, where the recipe has one, then the moving
/// average of the student.
///
/// Guided Distillation (Berrada et al., WACV 2024): the other network guides the burn-in; at its end the student takes the teacher's place,
/// and from then on the teacher follows it. Without the other network as in Unbiased Teacher (Liu et al., ICLR 2021), and without a burn-in
/// as in UniMatch V2 (Yang et al. 2025).
final class OnlineTeacher {
    private let guide: Segmenter?
    private let student: Segmenter
    private let average: ExponentialMovingAverage
    let recipe: OnlineTeacherRecipe
    /// The least probability of what it says.
    let threshold: Double

    /// - Returns: nil where the recipe has none.
    /// - Throws: what loading the other network throws; `UserError` when it predicts no masks and is to find objects.
    init?(_ recipe: Recipe, student: Segmenter) throws {
        guard let unlabelled = recipe.data.unlabelled, let online = unlabelled.online else { return nil }
        (self.recipe, self.student, threshold) = (online, student, unlabelled.threshold)
        average = ExponentialMovingAverage(of: student.model, decay: online.decay, isRamped: online.labelsPixels)
        guide = try unlabelled.teacher.map { path in
            let model = try SavedModel(at: path).load()
            guard online.labelsPixels || model is Mask2Former else { throw UserError(withoutMasks: model.card.name) }
            let network = Segmenter(
                model, device: student.device, precision: recipe.student.precision, channelsLast: recipe.channelsLast)
            network.storeForInference()
            return network
        }
    }

    /// Whether there is nobody to ask.
    func isSilent(at progress: Double) -> Bool { progress < recipe.burnIn && guide == nil }

    /// Calls `look` with whoever teaches when that share of the training is over, in eval mode and without gradients; nil while there is
    /// nobody to ask.
    func ask<Answer>(at progress: Double, _ look: (Segmenter) -> Answer) -> Answer? {
        func ask(_ network: Segmenter) -> Answer {
            withoutGradients {
                let wasTraining = network.model.isTraining
                network.model.eval()
                defer { network.model.train(wasTraining) }
                return look(network)
            }
        }
        guard progress >= recipe.burnIn else { return guide.map(ask) }
        return average.withAverages { ask(student) }
    }

    /// To be called after each step, with the share of the training that is over then. Until the burn-in ends nothing is averaged, and the
    /// first time takes the student as it is.
    func follow(at progress: Double) {
        if progress >= recipe.burnIn { average.update() }
    }

    /// What a checkpoint has to hold.
    var state: [(String, Tensor)] { average.state }

    /// - Throws: `UserError` when it is of another network.
    func load(state: [String: Tensor]) throws { try average.load(state: state) }
}
