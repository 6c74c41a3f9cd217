import Recipes
import SegData
import SegLoss
import SegModels
import Support
import Torch

/// What a student of pixels learns from unlabelled images: to see in strong views of them what its teacher sees in the images themselves.
///
/// UniMatch V2 (Yang et al. 2025): two views with changed colours, each with rectangles of the other images of the batch, the one without
/// the encoder's channels that the other has; in one pass. The loss is the mean over the views. With one view it is FixMatch.
struct PixelConsistency {
    private let teacher: OnlineTeacher
    private let student: Segmenter
    private let seed: Int

    /// - Returns: nil where the recipe has no online teacher of pixels.
    /// - Throws: `UserError` when the student does not learn by the cross-entropy of its pixels, or cannot drop channels that it is to.
    init?(_ recipe: Recipe, _ teacher: OnlineTeacher?, student: Segmenter, by loss: any TaskLoss) throws {
        guard let teacher, teacher.recipe.labelsPixels else { return nil }
        let name = student.model.card.name
        guard loss is PixelLoss else {
            throw UserError(
                "data.unlabelled.online: \(name) is trained by its masks, and the teacher says the classes of pixels",
                hint: "Set loss.criterion: crossEntropy, or take a network that scores pixels.")
        }
        guard teacher.recipe.channelDropout == 0 || student.model.dropsChannels else {
            throw UserError(
                "data.unlabelled.online.channelDropout: \(name) has no channels between an encoder and a head that could be dropped",
                hint: "Set it to 0, or take a network of a head on a backbone (segdistill models list).")
        }
        (self.teacher, self.student, seed) = (teacher, student, recipe.seed)
    }

    /// The term of a batch with strong views, and the share of its pixels of which the teacher is sure; without a value while there is no teacher.
    /// - Parameters:
    ///   - images: the batch's, B×H×W×3 bytes.
    ///   - labels: B×H×W, 255 outside of the images.
    ///   - progress: the share of the training that is over.
    func term(_ images: Tensor, _ labels: Tensor, of batch: Batch, at progress: Double) -> LossTerm {
        let size = Array(labels.shape.suffix(2))
        let counts = labels .!= Int(ClassList.ignore)
        guard let known = teacher.ask(at: progress, { PixelPseudoLabels(scores: $0.scores(images, size: size), counts: counts) }) else {
            return LossTerm("task", weight: 1, nil)
        }
        // Nothing but the batch's place decides what is drawn, so that a run that goes on draws what it would have drawn.
        var random = SeededRandom(seed, -3, batch.position.epoch, batch.position.batch)
        let recipe = teacher.recipe
        let mixes = (0..<recipe.views).map { _ in
            BatchMix.reversedCutMix(
                batch: batch.count, height: size[0], width: size[1], probability: recipe.cutMix, device: student.device, &random)
        }
        let views = mixes.enumerated().map { view, mix in mix(batch.strongImages(on: student.device, view: view)!, channels: 3) }
        let dropout = recipe.channelDropout > 0 ? ChannelDropout(images: batch.count, share: recipe.channelDropout, &random) : nil
        var taps = Taps([String](), dropping: dropout)
        let logits = student.forward(.concatenate(views), taps: &taps).logits
        let scores = student.model.resize(logits.float, to: size)
        let losses = mixes.enumerated().map { view, mix in
            known.map { mix($0) }.crossEntropy(scores[view * batch.count..<(view + 1) * batch.count], threshold: teacher.threshold)
        }
        let loss = losses.dropFirst().reduce(losses[0], +) / Double(losses.count)
        return LossTerm("task", weight: 1, loss, parts: [("sure", known.sureShare(threshold: teacher.threshold))])
    }
}
