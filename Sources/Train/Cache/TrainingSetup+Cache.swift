import Recipes
import Support
import Torch

extension TrainingSetup {
    /// How often the training sees each image, on average.
    private var epochs: Double {
        Double(steps * recipe.data.loader.batchSize * recipe.optimizer.accumulate) / Double(trainingSet.count)
    }

    /// What the teacher's cache will cost and save, and how its maps differ from the living teacher's, in lines; empty without a cache.
    /// - Parameter images: how many to look at.
    /// - Throws: as the loader and the teacher do; `UserError` when the disk has not the room.
    public func cachePlan(images: Int = 4) throws -> [String] {
        guard let cache else { return [] }
        let (header, estimate) = try withTorchErrors { try cache.plan(epochs: epochs, images: images) }
        return estimate.lines + header.taps.map(\.differenceText)
    }

    /// Fills the teacher's cache as far as it is not, after saying what that takes, and lets go of the teacher. Where there are no labels,
    /// the teacher stays for the loss on the validation images, which is the score.
    /// - Returns: whether training may begin: false after Ctrl-C. What is done stays.
    /// - Throws: `UserError` when the disk has not the room, or an image cannot be read.
    func useCache(_ observer: TrainingObserver) throws -> Bool {
        guard let cache, let distiller else { return true }
        let keepingTeacher = recipe.loss.task == .none
        if let complete = try cache.complete() {
            distiller.use(complete, keepingTeacher: keepingTeacher)
            return true
        }
        return try withTorchErrors {
            let (header, estimate) = try cache.plan(epochs: epochs)
            for line in estimate.lines + header.taps.map(\.differenceText) { observer.note(line) }
            try estimate.check(cache.folder.path)
            let filled = try cache.fill(header, progress: observer.cached) { Interruption.isRequested }
            guard let filled else { return false }
            distiller.use(filled, keepingTeacher: keepingTeacher)
            return true
        }
    }
}

extension CachedTap {
    /// How the cached maps differ from the living teacher's, in words.
    var differenceText: String {
        let changes = differences.map {
            "\($0.change.rawValue) \(percentage($0.error)) % (cosine \(fixed($0.cosine, 3)))"
        }
        return "teacher cache: \(name) differs from the living teacher's by " + changes.joined(separator: ", ")
    }
}
