import Recipes
import SegData
import SegEval
import SegModels
import Torch
import TorchNN
import TorchOptim

/// Everything that one optimiser step needs, and the step itself. Nothing in it waits for the device.
final class TrainingStep {
    let student: Segmenter
    let distiller: Distiller?
    let optimizer: any Optimizer
    let schedule: LearningRateSchedule
    let average: ExponentialMovingAverage?
    private let taskLoss: TaskLoss
    private let clip: Double?
    private let steps: Int

    init(_ recipe: Recipe, student: Segmenter, distiller: Distiller?, steps: Int) throws {
        self.student = student
        self.distiller = distiller
        self.steps = steps
        student.model.train()
        let parameters = student.model.namedParameters() + (distiller?.namedParameters ?? []).map { ("distillation.\($0)", $1) }
        optimizer = try recipe.optimizer.build(parameters)
        schedule = recipe.schedule.build(base: recipe.optimizer.learningRate, steps: steps)
        average = recipe.optimizer.ema.map { ExponentialMovingAverage(of: student.model, decay: $0) }
        taskLoss = TaskLoss(recipe.loss, device: student.device)
        clip = recipe.optimizer.clip
    }

    /// The outcome of one step, still on the device.
    struct Outcome {
        /// By name, weighted, averaged over the accumulated batches; `total` first.
        let losses: [(name: String, value: Tensor)]
        /// The L2 norm of the gradient before clipping; nil when it was not asked for.
        let gradientNorm: Tensor?
    }

    /// - Parameter wantsNorm: whether the gradient's norm is to be logged.
    func callAsFunction(_ batches: [Batch], step: Int, wantsNorm: Bool) -> Outcome {
        optimizer.zeroGrad()
        distiller?.opponents.zeroGrad()
        var sums: [(name: String, value: Tensor)] = []
        for batch in batches {
            let terms = losses(batch, at: Double(step) / Double(steps))
            let total = terms.dropFirst().reduce(terms[0].1) { $0 + $1.1 } / Double(batches.count)
            total.backward()
            let scaled = [("total", total.detach())] + terms.map { ($0.0, $0.1.detach() / Double(batches.count)) }
            sums = sums.isEmpty ? scaled : zip(sums, scaled).map { ($0.name, $0.value + $1.1) }
        }
        let tensors = optimizer.parameters.map(\.tensor)
        let norm = clip.map { clipGradientNorm(tensors, limit: $0) } ?? (wantsNorm ? gradientNorm(tensors) : nil)
        optimizer.step(learningRate: schedule.rate(at: step))
        distiller?.opponents.step()
        average?.update()
        return Outcome(losses: sums, gradientNorm: norm)
    }

    private func losses(_ batch: Batch, at progress: Double) -> [(String, Tensor)] {
        let images = batch.images(on: student.device)
        let labels = batch.labels(on: student.device).long
        var taps = Taps(distiller?.studentTaps ?? [])
        let output = student.forward(images, taps: &taps)
        let task = taskLoss(output, labels, student.model)
        return task + (distiller?.losses(images, student: taps, labels: labels, at: progress) ?? [])
    }
}

extension OptimizerRecipe {
    func build(_ parameters: [(String, Tensor)]) throws -> any Optimizer {
        let rules = groups.map { ParameterGroup.Rule($0.match, learningRateScale: $0.learningRateScale, weightDecay: $0.weightDecay) }
        let groups = try ParameterGroup.groups(
            of: parameters, rules: rules, weightDecay: weightDecay, noDecayOnNormAndBias: noDecayOnNormAndBias)
        switch kind {
        case .sgd: return SGD(groups, momentum: momentum)
        case .adamw: return AdamW(groups, beta1: betas[0], beta2: betas[1])
        }
    }
}

extension ScheduleRecipe {
    func build(base: Double, steps: Int) -> LearningRateSchedule {
        let course: LearningRateSchedule.Course =
            switch kind {
            case .poly: .poly(power: power, minimum: minimum)
            case .cosine: .cosine(minimum: minimum)
            case .step: .step(milestones: milestones, gamma: gamma)
            case .constant: .constant
            }
        return LearningRateSchedule(base: base, steps: steps, course: course, warmupSteps: warmup.steps, warmupRatio: warmup.ratio)
    }

    /// Optimiser steps of the whole training.
    func stepCount(batchesPerEpoch: Int, accumulate: Int) -> Int {
        if let steps { return steps }
        return max(1, Int((epochs! * Double(batchesPerEpoch) / Double(accumulate)).rounded()))
    }
}
