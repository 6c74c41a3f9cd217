import Foundation
import Recipes
import Runs
import SegData
import SegEval
import SegModels
import Support
import Torch

/// Whether the teacher is worth listening to, and is listened to in the right way.
struct TeacherCheck {
    let setup: TrainingSetup
    private let distiller: Distiller
    private let teacher: Network<VisionModel>

    /// Nil without a teacher.
    init?(_ setup: TrainingSetup) {
        guard let distiller = setup.distiller, let teacher = distiller.teacher else { return nil }
        (self.setup, self.distiller, self.teacher) = (setup, distiller, teacher)
    }

    private var recipe: Recipe { setup.recipe }

    /// Checks that the teacher is frozen, in eval mode and fed as its card says.
    /// - Throws: `UserError` when it is not: a fault of this program.
    func feeding() throws -> PreflightRecord.Teacher {
        let model = teacher.model
        let isStill = model.namedModules().allSatisfy { !$0.1.isTraining } && model.parameters().allSatisfy { !$0.requiresGrad }
        guard isStill, try withTorchErrors({ isFedAsItsCardSays }) else {
            throw UserError(
                "the teacher \(model.card.name) is not frozen, in eval mode and fed as it was trained", exitCode: .internalError)
        }
        return .init(
            model: model.card.name, normalization: Self.words(model.card.normalization),
            sharesNormalization: model.card.normalization == setup.student.model.card.normalization)
    }

    /// A pixel through the network's own normalisation, and by the formula.
    private var isFedAsItsCardSays: Bool {
        let pixel: [UInt8] = [12, 130, 251]
        let card = teacher.model.card.normalization
        let found = teacher.model.normalize(Tensor(pixel, shape: [1, 1, 1, 3], device: setup.device)).array(of: Double.self)
        let ordered = card.order == .rgb ? pixel : pixel.reversed()
        return zip(found, zip(ordered, zip(card.mean, card.std))).allSatisfy { value, expected in
            let formula = (Double(expected.0) * card.scale - expected.1.0) / expected.1.1
            return abs(value - formula) <= 1e-4 * max(1, abs(formula))
        }
    }

    private static func words(_ card: Normalization) -> String {
        func list(_ values: [Double]) -> String { values.map(significant).joined(separator: " ") }
        let scaled = card.scale == 1 ? "x" : "x / \(significant(1 / card.scale))"
        return "\(card.order.rawValue), (\(scaled) − mean) / std, mean \(list(card.mean)), std \(list(card.std))"
    }

    // MARK: Score

    /// The teacher's score on the validation set, in the student's classes; nil for a network without classes, and where the recipe does
    /// without.
    /// - Parameter known: used again if it is of the same teacher, images and test.
    func score(_ known: PreflightRecord.Score?, _ note: (String) -> Void) throws -> PreflightRecord.Score? {
        guard recipe.loss.task == .segmentation, recipe.preflight.teacherImages != 0, let model = teacher.model as? SegmentationModel else {
            return nil
        }
        guard model.tapChannels["logits"] == setup.trainingSet.classes.count || distiller.fold != nil else { return nil }
        let available = setup.validationSet.count
        let images = SpreadDataset(setup.validationSet, limit: recipe.preflight.teacherImages ?? available)
        let key = try withTorchErrors { self.key(images) }
        if let known, known.key == key { return known }
        note("scoring the teacher on \(images.count) of \(available) validation images")
        let found = try evaluate(images, multiple: model.card.sizeMultiple) { images, size in
            model.resize(distiller.teacherMaps(["logits"], of: images)["logits"]!.float, to: size)
        }
        var score = PreflightRecord.Score(
            key: key, meanIoU: found.scores.meanIoU, chance: Self.chance(found.tally.confusion), images: images.count, available: available)
        if recipe.student.checkpoint != nil, let student = setup.student.segmenter {
            note("scoring the student on the same images")
            score.student = try ModelEvaluation.run(student, on: images, recipe.evaluation).evaluation.scores.meanIoU
        }
        return score
    }

    private func evaluate(_ images: any Dataset, multiple: Int, network: (Tensor, [Int]) -> Tensor) throws -> Evaluation {
        try Evaluator(images, recipe.evaluation.testProtocol(multiple: multiple), device: setup.device).run(network: network)
    }

    /// The weights' norms, the images' names and dates, the test, and what the student starts from.
    private func key(_ images: any Dataset) -> String {
        let weights = teacher.model.stateDict().map(\.1).filter { $0.dtype.isFloatingPoint && $0.count > 0 }
        let norms = withoutGradients { Tensor.stack(weights.map { $0.float.norm() }).array(of: Float.self) }
        let sum = norms.reduce(0.0) { $0 + Double($1) }
        let test = recipe.evaluation.testProtocol(multiple: teacher.model.card.sizeMultiple).description
        let map = distiller.fold.map { " map \($0.groups)" } ?? ""
        return "\(recipe.teacher?.model ?? "") \(sum) \(DatasetFingerprint(images).text) \(test)\(map) \(recipe.student.checkpoint ?? "")"
    }

    /// The mean IoU of the better of two that look at no image: one says the commonest class everywhere, the other draws a class for every
    /// pixel. With p the class's part of the pixels and K classes, its IoU is p or 0 for the one, (p / K) / (p + 1 / K − p / K) for the other.
    /// - Parameter confusion: K rows of K pixel counts, a row a true class.
    static func chance(_ confusion: [[Int64]]) -> Double {
        let pixels = confusion.map { Double($0.reduce(0, +)) }
        let all = pixels.reduce(0, +)
        let parts = pixels.filter { $0 > 0 }.map { $0 / all }
        guard let largest = parts.max() else { return 0 }
        let classes = Double(confusion.count)
        let drawn = parts.map { $0 / classes / ($0 + 1 / classes - $0 / classes) }
        return max(largest, drawn.reduce(0, +)) / Double(parts.count)
    }

    func warnings(_ score: PreflightRecord.Score?) -> [String] {
        var warnings: [String] = []
        if let score {
            func points(_ value: Double) -> String { percentage(value) }
            if let student = score.student, student >= score.meanIoU {
                warnings.append(
                    "The teacher (mIoU \(points(score.meanIoU))) is no better than the student that it is to teach (\(points(student))).")
            }
            if score.meanIoU <= score.chance {
                warnings.append(
                    "The teacher (mIoU \(points(score.meanIoU))) is no better than a guess (\(points(score.chance))): are its weights loaded, "
                        + "are its classes in the same order?")
            }
        }
        let (own, theirs) = (setup.classes.names, distiller.teacherClasses?.names)
        if distiller.fold == nil, let theirs, theirs.count == own.count, let place = own.indices.first(where: { own[$0] != theirs[$0] }) {
            warnings.append(
                "The teacher's classes have other names than the student's: class \(place) is \(theirs[place]) there and \(own[place]) here. "
                    + "If the order differs too, give teacher.classMap.")
        }
        if recipe.teacher?.weights == nil && recipe.teacher?.checkpoint == nil && recipe.teacher?.isFolder == false {
            warnings.append("The teacher has random weights: give teacher.checkpoint or teacher.weights.")
        }
        return warnings
    }
}
