import Foundation
import Recipes
import SegData

/// What one pass of a step learns from: labelled images, and images with pseudo-labels beside them where the recipe has such.
struct StepBatch {
    let labelled: Batch
    let unlabelled: Batch?

    var count: Int { labelled.count + (unlabelled?.count ?? 0) }
    var secondsWaited: Double { labelled.secondsWaited + (unlabelled?.secondsWaited ?? 0) }
}

/// The batches of training.
final class StepLoader {
    private let labelled: Loader
    private let pair: PairedLoader?

    /// - Parameter statistics: see `DataRecipe.trainingLoader`.
    /// - Throws: `UserError` when a set is smaller than a batch, or labels cannot be read.
    init(_ setup: TrainingSetup, statistics: URL? = nil, from position: TrainingPosition) throws {
        let (data, seed) = (setup.recipe.data, setup.recipe.seed)
        guard let unlabelled = setup.unlabelledSet else {
            pair = nil
            labelled = try data.trainingLoader(setup.trainingSet, seed: seed, statistics: statistics, from: position.loader)
            return
        }
        var options = try data.trainingOptions(setup.trainingSet, seed: seed, statistics: statistics)
        // An online teacher's student sees it of the unlabelled images alone.
        if setup.distiller?.comparesViews != true { options.augmentation.strong = nil }
        pair = try PairedLoader(
            labelled: setup.trainingSet, options,
            unlabelled: unlabelled, data.unlabelledOptions(seed: seed),
            from: .init(labelled: position.loader, unlabelled: position.unlabelled ?? .start))
        labelled = pair!.labelled
    }

    /// Of the labelled images.
    var batchesPerEpoch: Int { labelled.batchesPerEpoch }
    /// Of the batches that `next()` will give.
    var position: (labelled: LoaderPosition, unlabelled: LoaderPosition?) { (labelled.position, pair?.unlabelled.position) }

    func next() throws -> StepBatch {
        guard let pair else { return StepBatch(labelled: try labelled.next()!, unlabelled: nil) }
        let (labelled, unlabelled) = try pair.next()!
        return StepBatch(labelled: labelled, unlabelled: unlabelled)
    }
}

extension TrainingSetup {
    /// Those that go through the student.
    var imagesPerStep: Int {
        let beside = unlabelledSet == nil ? 0 : recipe.data.unlabelledOptions(seed: 0).batchSize
        return (recipe.data.loader.batchSize + beside) * recipe.optimizer.accumulate
    }
}

extension StepBatch {
    /// What a batch is in its step.
    struct Role: Codable, Equatable {
        /// Of the images of the step's pass.
        let share: Double
        /// Whether its objects are a teacher's.
        let isPseudo: Bool

        /// Labelled images alone.
        static let whole = Role(share: 1, isPseudo: false)
    }

    /// What goes through the student at once.
    var parts: [(batch: Batch, role: Role)] {
        let share = Double(labelled.count) / Double(count)
        let beside = unlabelled.map { [($0, Role(share: 1 - share, isPseudo: true))] } ?? []
        return [(labelled, Role(share: share, isPseudo: false))] + beside
    }
}
