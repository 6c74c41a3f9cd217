import Recipes
import SegData
import SegLoss
import SegModels
import Support
import Torch

/// What the labels teach.
protocol TaskLoss {
    /// The student's forward pass and the terms of its loss.
    ///
    /// - Parameters:
    ///   - images: B×H×W×3 bytes.
    ///   - labels: B×H×W int64, 255 = ignore.
    ///   - objects: of each image; nil where it has none.
    ///   - batch: that all are of, which has the labels on the host; nil where there is none.
    func callAsFunction(
        _ network: Segmenter, _ images: Tensor, _ labels: Tensor, objects: [[Instance]?], of batch: Batch?, taps: inout Taps
    ) -> [LossTerm]
}

extension LossRecipe {
    /// - Throws: `UserError` when the network does not predict what the criterion compares.
    func build(for model: SegmentationModel, device: Device) throws -> any TaskLoss {
        let hasMasks = model is Mask2Former
        if task == .instances {
            guard hasMasks else { throw UserError(withoutMasks: model.card.name) }
            return ObjectTask(criterion: MaskCriterion(.init(masks)))
        }
        if criterion == .masks && !hasMasks {
            throw UserError(
                "loss.criterion: \(model.card.name) does not predict masks",
                hint: "Leave it at auto, or take a network of the family mask2former.")
        }
        guard hasMasks && criterion != .crossEntropy else { return PixelLoss(self, device: device) }
        guard classWeights == nil else {
            throw UserError(
                "loss.classWeights are of the cross-entropy, but \(model.card.name) is trained by its masks",
                hint: "Leave them out, or set loss.criterion to crossEntropy.")
        }
        return MaskTask(criterion: MaskCriterion(.init(masks)))
    }
}

/// Cross-entropy at the labels' own size, the auxiliary head's added with its weight; float32.
struct PixelLoss: TaskLoss {
    private let auxiliaryWeight: Double
    private let classWeights: Tensor?

    init(_ recipe: LossRecipe, device: Device) {
        auxiliaryWeight = recipe.auxiliaryWeight
        classWeights = recipe.classWeights.map { Tensor($0.map(Float.init), device: device) }
    }

    func callAsFunction(
        _ network: Segmenter, _ images: Tensor, _ labels: Tensor, objects: [[Instance]?], of batch: Batch?, taps: inout Taps
    ) -> [LossTerm] {
        let output = network.forward(images, taps: &taps)
        var terms = [LossTerm("task", weight: 1, crossEntropy(output.logits, labels, network.model))]
        if let auxiliary = output.auxiliary, auxiliaryWeight > 0 {
            terms.append(LossTerm("auxiliary", weight: auxiliaryWeight, crossEntropy(auxiliary, labels, network.model)))
        }
        return terms
    }

    private func crossEntropy(_ logits: Tensor, _ labels: Tensor, _ model: SegmentationModel) -> Tensor {
        let scores = model.resize(logits.float, to: Array(labels.shape.suffix(2)))
        return F.crossEntropy(scores.pixelRows, labels.flatten(), weight: classWeights, ignore: Int(ClassList.ignore))
    }
}

/// Mask2Former's criterion over all layers of its decoder, with one true mask for every class that an image has.
struct MaskTask: TaskLoss {
    let criterion: MaskCriterion

    func callAsFunction(
        _ network: Segmenter, _ images: Tensor, _ labels: Tensor, objects: [[Instance]?], of batch: Batch?, taps: inout Taps
    ) -> [LossTerm] {
        criterion.terms(network.predictions(images, hasAuxiliary: true, taps: &taps), targets(labels, of: batch))
    }

    private func targets(_ labels: Tensor, of batch: Batch?) -> MaskTargets {
        func targets(_ bytes: UnsafeRawBufferPointer) -> MaskTargets {
            MaskTargets(semantic: bytes, batch: labels.size(0), height: labels.size(1), width: labels.size(2), device: labels.device)
        }
        // A device would have to be waited for.
        return batch?.withLabels(targets) ?? labels.to(.uint8).withUnsafeBytes(targets)
    }
}

/// Mask2Former's criterion with one true mask for every object. Pixels of groups that nobody took apart, which are no targets, and those
/// that the crop pads are outside of all masks, as the authors have it.
struct ObjectTask: TaskLoss {
    let criterion: MaskCriterion

    func callAsFunction(
        _ network: Segmenter, _ images: Tensor, _ labels: Tensor, objects: [[Instance]?], of batch: Batch?, taps: inout Taps
    ) -> [LossTerm] {
        let own = objects.map { ($0 ?? []).filter { !$0.isCrowd && !$0.mask.isEmpty } }
        let targets = MaskTargets(
            labels: own.map { $0.map(\.category) }, height: labels.size(1), width: labels.size(2), device: images.device
        ) { canvas in
            for (image, objects) in own.enumerated() {
                for (number, object) in objects.enumerated() {
                    object.mask.forEachRun { canvas.add(to: number, of: image, column: $0, row: $1, length: $2) }
                }
            }
        }
        return criterion.terms(network.predictions(images, hasAuxiliary: true, taps: &taps), targets)
    }
}

extension MaskCriterion {
    /// The loss of all layers as a term of a step.
    fileprivate func terms(_ found: MaskPredictions, _ targets: MaskTargets) -> [LossTerm] {
        let layers = found.auxiliary + [found.final]
        let loss = self(classes: layers.map(\.classLogits), masks: layers.map(\.maskLogits), targets: targets)
        let parts = [("class", loss.classification), ("mask", loss.mask), ("dice", loss.dice)]
        return [LossTerm("task", weight: 1, loss.total, parts: parts)]
    }
}
