import Foundation
import Recipes
import Runs
import SegEval
import Support
import Torch
import Train

extension EvaluateCommand {
    /// Scores a network that tells objects apart.
    func evaluateObjects(_ trained: TrainedNetwork, _ recipe: Recipe, _ purpose: DataRecipe.Purpose) throws {
        let metrics = try withTorchErrors {
            let tester = Tester(try trained.network(recipe, device: device), trained.saved.info, recipe)
            let bar = ProgressBar("evaluate", total: try recipe.data.dataset(purpose).count)
            let metrics = try tester.scoreObjects(
                data == nil ? trained.run : nil, purpose: purpose, checkpoint: trained.checkpointName,
                pictures: pictures.map { URL(fileURLWithPath: $0) }, progress: { bar.update($0) })
            bar.finish()
            return metrics
        }
        if json { try printJSON(metrics) } else { print(metrics.text) }
    }
}

extension InstanceMetrics {
    /// Tables of the averages and the classes, in per cent.
    fileprivate var text: String {
        func cell(_ value: Double?) -> String { value.map { percentage($0) } ?? "–" }
        var summary = TextTable([.init("AP"), .init("masks", .right), .init("boundaries", .right)])
        let names = ["AP", "AP50", "AP75", "AP small", "AP medium", "AP large", "AR 100"]
        for (mask, boundary) in zip(masks.summary.rows, boundaries.summary.rows) where names.contains(mask.name) {
            summary.append([mask.name, cell(mask.value), cell(boundary.value)])
        }
        var classes = TextTable(
            [
                .init("class"), .init("objects", .right), .init("AP", .right), .init("AP50", .right), .init("AP75", .right),
                .init("boundary AP", .right),
            ] + (cityscapes == nil ? [] : [.init("Cityscapes AP", .right), .init("AP50", .right)]))
        for (index, (mask, boundary)) in zip(masks.categories, boundaries.categories).enumerated() {
            let own = cityscapes?.classes[index]
            classes.append(
                [
                    mask.name, mask.truths == 0 ? "absent" : "\(mask.truths)", cell(mask.averagePrecision), cell(mask.averagePrecision50),
                    cell(mask.averagePrecision75), cell(boundary.averagePrecision),
                ] + (own.map { [cell($0.averagePrecision), cell($0.averagePrecision50)] } ?? []))
        }
        let city = cityscapes.map { "Cityscapes AP \(cell($0.averagePrecision))  AP50 \(cell($0.averagePrecision50))" }
        let title = "\(model) (\(checkpoint)) on \(dataset) \(split): \(images) images, \(protocolName); objects by their masks"
        return [title, summary.text, classes.text, city].compactMap(\.self).joined(separator: "\n\n")
    }
}
