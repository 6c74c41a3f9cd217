import Recipes
import SegData
import Support
import Torch
import TorchNN

/// What stands for a score where there are no labels: the distillation's loss on the validation images.
struct DistillationEvaluation {
    let setup: TrainingSetup

    /// The sum of the weighted losses with every method at full weight, averaged over the images; lower is better.
    ///
    /// Images are seen whole, at their own size or `evaluation.size`, brought to what both networks take. What a method draws at random is
    /// the same in every validation, and training's random numbers go on as if there had been none.
    /// - Throws: `UserError` when images of one batch differ in size, or one cannot be read.
    func loss(progress: (Int) -> Void) throws -> Double {
        try setup.inEvalMode {
            try TorchRandom.isolated(seed: setup.recipe.seed, on: setup.device) {
                try withTorchErrors { try withoutGradients { try mean(progress) } }
            }
        }
    }

    private func mean(_ progress: (Int) -> Void) throws -> Double {
        let options = LoaderOptions.evaluation(batchSize: setup.recipe.evaluation.batchSize, threads: 1)
        let loader = try Loader(setup.validationSet, options)
        let sum = Tensor.zeros([], device: setup.device)
        var done = 0
        while let batch = try loader.next() {
            let images = resized(batch.images(on: setup.device))
            let everywhere = Tensor.zeros(Array(images.shape[0..<3]), dtype: .uint8, device: setup.device)
            sum.add_(setup.step.terms(images, everywhere, at: 1).total.float * Double(batch.count))
            done += batch.count
            progress(done)
        }
        return sum.item() / Double(done)
    }

    /// B×H×W×3 bytes at a size that teacher and student take.
    private func resized(_ images: Tensor) -> Tensor {
        let wanted = setup.recipe.evaluation.size.map { [$0.height, $0.width] } ?? Array(images.shape[1...2])
        let multiple = leastCommonMultiple(
            setup.student.model.card.sizeMultiple, setup.distiller?.teacher?.model.card.sizeMultiple ?? 1)
        let size = wanted.map { max(multiple, ($0 + multiple / 2) / multiple * multiple) }
        guard Array(images.shape[1...2]) != size else { return images }
        return F.bilinearAntialiased(images.permute(0, 3, 1, 2).float.contiguous(), size).permute(0, 2, 3, 1)
    }
}

private func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
    func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }
    return a / divisor(a, b) * b
}

extension TrainingSetup {
    /// Runs `body` with the student and the methods in eval mode.
    fileprivate func inEvalMode<Result>(_ body: () throws -> Result) rethrows -> Result {
        let modules: [Module] = [student.model] + (distiller?.methods.map { $0.method as Module } ?? [])
        for module in modules { module.eval() }
        defer { for module in modules { module.train() } }
        return try body()
    }
}
