import Foundation
import Recipes
import Runs
import SegData
import Support
import Torch

extension TrainingSetup {
    /// The unlabelled images; and as they are trained on: with their objects, where a file has these already, alone with an online teacher.
    /// - Parameter classes: the student's.
    /// - Throws: `UserError` when there are none, their teacher is not there or tells other classes apart, or the file does not fit the
    ///   images or the classes, or its teacher has changed since.
    static func openUnlabelled(
        _ recipe: Recipe, _ classes: ClassList, _ note: (String) -> Void
    ) throws -> (images: any Dataset, labelled: (any Dataset)?)? {
        guard let unlabelled = recipe.data.unlabelled else { return nil }
        let images = try recipe.data.unlabelledImages()
        if let teacher = unlabelled.teacher { try PseudoLabelling.check(SavedModel(at: teacher), tells: classes, for: recipe.loss.task) }
        if unlabelled.online != nil {
            let isStill = unlabelled.teacher != nil && unlabelled.online?.burnIn == 1
            note("\(images.count) unlabelled images, seen through a teacher that \(isStill ? "stays as it is" : "learns with the student")")
            return (images, images)
        }
        guard let file = unlabelled.pseudoLabels else { return (images, nil) }
        let labels = try PseudoLabels(contentsOf: URL(fileURLWithPath: file))
        let teacher = labels.info.teacher
        let now = try teacher.atPresent()
        try labels.info.check(against: now, threshold: unlabelled.threshold, file: file)
        if now == nil { note("the teacher of the pseudo-labels, \(teacher.path), is not here: whether it has changed since is not known") }
        return (images, try open(labels, unlabelled, images, classes, note))
    }

    private static func open(
        _ labels: PseudoLabels, _ recipe: UnlabelledRecipe, _ images: any Dataset, _ classes: ClassList, _ note: (String) -> Void
    ) throws -> any Dataset {
        let count = labels.file.annotations.count { ($0.score ?? 0) >= recipe.threshold }
        note("\(images.count) unlabelled images, \(count) objects of at least \(recipe.threshold) by \(labels.info.teacher.name)")
        return try PseudoLabelledDataset(images, labels, threshold: recipe.threshold, classes: classes)
    }

    /// Has the teacher of the unlabelled images write its pseudo-labels into the run folder, unless they are there.
    /// - Parameter isBegun: whether steps have been taken with them.
    /// - Returns: whether training may begin: false after Ctrl-C. What is done stays.
    /// - Throws: `UserError` when training was begun with the objects of another teacher; what the writing throws.
    func usePseudoLabels(_ run: RunFolder, isBegun: Bool, _ observer: TrainingObserver) throws -> Bool {
        guard let unlabelled = recipe.data.unlabelled, let teacher = unlabelled.teacher, unlabelledSet == nil else { return true }
        let work = try PseudoLabelling(teacher: teacher, recipe)
        var labels: PseudoLabels?
        do {
            labels = try work.existing(at: run.pseudoLabelsFile, mayHaveMoved: isBegun)
        } catch  where !isBegun {
            observer.note("\(error)")
        }
        if labels == nil {
            observer.note("\(work.info.teacher.name) looks for objects in \(work.images.count) unlabelled images")
            labels = try work.run(
                to: run.pseudoLabelsFile, device: device, progress: observer.pseudoLabelled, isCancelled: { Interruption.isRequested })
        }
        guard let labels else { return false }
        unlabelledSet = try Self.open(labels, unlabelled, work.images, classes, observer.note)
        return true
    }
}
