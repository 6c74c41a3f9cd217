import Recipes
import SegData
import SegModels
import Torch

/// Cross-entropy at the labels' own size, the auxiliary head's added with its weight; float32.
struct TaskLoss {
    private let auxiliaryWeight: Double
    private let classWeights: Tensor?

    init(_ recipe: LossRecipe, device: Device) {
        auxiliaryWeight = recipe.auxiliaryWeight
        classWeights = recipe.classWeights.map { Tensor($0.map(Float.init), device: device) }
    }

    /// - Parameter labels: B×H×W int64, 255 = ignore.
    func callAsFunction(_ output: ModelOutput, _ labels: Tensor, _ model: SegmentationModel) -> [LossTerm] {
        var terms = [LossTerm("task", weight: 1, crossEntropy(output.logits, labels, model))]
        if let auxiliary = output.auxiliary, auxiliaryWeight > 0 {
            terms.append(LossTerm("auxiliary", weight: auxiliaryWeight, crossEntropy(auxiliary, labels, model)))
        }
        return terms
    }

    private func crossEntropy(_ logits: Tensor, _ labels: Tensor, _ model: SegmentationModel) -> Tensor {
        let scores = model.resize(logits.float, to: Array(labels.shape.suffix(2)))
        return F.crossEntropy(scores.pixelRows, labels.flatten(), weight: classWeights, ignore: Int(ClassList.ignore))
    }
}
