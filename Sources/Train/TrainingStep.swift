import Recipes
import SegData
import SegEval
import SegModels
import Torch
import TorchNN
import TorchOptim

/// Everything that one optimiser step needs, and the step itself. Nothing in it waits for the device.
final class TrainingStep {
    let student: Network<VisionModel>
    let distiller: Distiller?
    let optimizer: any Optimizer
    let schedule: LearningRateSchedule
    let average: ExponentialMovingAverage?
    /// Who says what unlabelled images show, where that is found in each batch.
    let onlineTeacher: OnlineTeacher?
    /// How that is learnt where it is the pixels' classes.
    private let consistency: PixelConsistency?
    /// The student's parameters below its head, which every loss shapes.
    let trunk: [Tensor]
    /// The steps that were taken. A step whose loss or gradient is not a number is not, and none after it.
    private(set) var taken: Tensor
    private var isBroken: Tensor
    /// What the labels are for; nil where there are none.
    private let task: (network: Segmenter, loss: any TaskLoss)?
    /// The factor of the task's loss on images whose objects are a teacher's.
    private let pseudoWeight: Double
    private let clip: Double?
    private let steps: Int

    init(_ recipe: Recipe, student: Network<VisionModel>, frozen: FrozenEncoder?, distiller: Distiller?, steps: Int) throws {
        self.student = student
        self.distiller = distiller
        self.steps = steps
        student.model.train()
        trunk = student.model.trunk
        taken = .zeros([], dtype: .int64, device: student.device)
        isBroken = .zeros([], device: student.device)
        let own = student.model.namedParameters()
        try frozen?.check(recipe.optimizer.groups.map(\.match), of: own)
        let parameters = (frozen?.trained(own) ?? own) + (distiller?.namedParameters ?? []).map { ("distillation.\($0)", $1) }
        optimizer = try recipe.optimizer.build(parameters)
        try frozen?.check(optimizer)
        schedule = recipe.schedule.build(base: recipe.optimizer.learningRate, steps: steps)
        average = recipe.optimizer.ema.map { ExponentialMovingAverage(of: student.model, decay: $0) }
        task =
            try recipe.loss.task == .none
            ? nil : student.segmenter.map { ($0, try recipe.loss.build(for: $0.model, device: student.device)) }
        pseudoWeight = recipe.data.unlabelled?.weight ?? 1
        let teacher = try student.segmenter.flatMap { try OnlineTeacher(recipe, student: $0) }
        onlineTeacher = teacher
        consistency = try task.flatMap { try PixelConsistency(recipe, teacher, student: $0.network, by: $0.loss) }
        clip = recipe.optimizer.clip
    }

    /// The outcome of one step, still on the device.
    struct Outcome {
        /// By name, weighted, averaged over the accumulated batches; `total` first.
        let losses: [(name: String, value: Tensor)]
        /// Each term and its parts before their weights, likewise averaged.
        let unweighted: [(name: String, value: Tensor)]
        /// The L2 norm of the gradient before clipping.
        let gradientNorm: Tensor
        /// Of each weighted term's gradient on the trunk, from the first batch; empty unless asked for.
        let trunkNorms: [(name: String, value: Tensor)]
    }

    /// - Parameters:
    ///   - batches: whose losses are averaged. Of each, labelled images and those with pseudo-labels go through the student one after the
    ///     other, so that the memory of one is enough: the task's losses add up, and a method's is the mean over all images.
    ///   - step: the steps before this one.
    ///   - wantsShares: whether the terms' gradients on the trunk are to be measured, which takes a backward pass each.
    func callAsFunction(_ batches: [StepBatch], step: Int, wantsShares: Bool = false) -> Outcome {
        optimizer.zeroGrad()
        distiller?.opponents.zeroGrad()
        let count = Double(batches.count)
        let none = Tensor.zeros([], device: student.device)
        var losses: [(name: String, value: Tensor)] = []
        var unweighted: [(name: String, value: Tensor)] = []
        var norms: [(name: String, value: Tensor)] = []
        for (number, batch) in batches.enumerated() {
            for (part, role) in batch.parts {
                let terms = terms(of: part, as: role, at: progress(before: step))
                if wantsShares && number == 0 {
                    let found = zip(terms.map(\.name), terms.gradientNorms(on: trunk)).map { ($0, $1) }
                    norms += found.filter { term in !norms.contains { $0.name == term.0 } }
                }
                // An online teacher may have nothing to say yet.
                let total = terms.contains { $0.value != nil } ? terms.total / count : none
                if total.requiresGrad { total.backward() }
                losses.add([("total", total.detach())] + terms.map { ($0.name, ($0.weighted?.detach() ?? none) / count) })
                unweighted.add(terms.unweighted.map { ($0.name, $0.value / count) })
            }
        }
        let tensors = optimizer.parameters.map(\.tensor)
        let norm = clip.map { clipGradientNorm(tensors, limit: $0) } ?? gradientNorm(tensors)
        withoutGradients {
            isBroken = isBroken.maximum((.!(losses[0].value + norm).isFinite()).float)
            taken = taken + (1 - isBroken).long
        }
        optimizer.step(learningRate: schedule.rate(at: step), unless: isBroken)
        distiller?.opponents.step(unless: isBroken)
        average?.update()
        onlineTeacher?.follow(at: progress(before: step + 1))
        return Outcome(losses: losses, unweighted: unweighted, gradientNorm: norm, trunkNorms: norms)
    }

    /// The share of the training that is over after so many steps.
    func progress(before step: Int) -> Double { Double(step) / Double(steps) }

    private func terms(of batch: Batch, as role: StepBatch.Role, at progress: Double) -> [LossTerm] {
        let (images, labels) = (batch.images(on: student.device), batch.labels(on: student.device))
        guard role.isPseudo, let onlineTeacher else {
            // While nobody finds objects in the others, the labelled images are all that methods see.
            let isAlone = consistency == nil && onlineTeacher?.isSilent(at: progress) == true
            return terms(images, labels, at: progress, of: batch, as: isAlone ? .whole : role)
        }
        if let consistency {
            let term = consistency.term(images, labels, of: batch, at: progress).onPseudoLabels(weight: pseudoWeight)
            guard let distiller else { return [term] }
            // The methods look at the images themselves.
            let taps = student.record(distiller.studentTaps, of: images)
            let strong = batch.strongImages(on: student.device)
            return [term] + methods(images, labels.long, strong: strong, taps, at: progress, of: batch, as: role)
        }
        guard let objects = onlineTeacher.objects(in: images, at: progress) else {
            return [LossTerm("task", weight: 1, nil).onPseudoLabels(weight: pseudoWeight)]
        }
        return terms(batch.strongImages(on: student.device)!, labels, objects: objects, at: progress, of: batch, as: role)
    }

    /// The terms of one batch's loss, with their graphs.
    /// - Parameters:
    ///   - images: B×H×W×3 bytes.
    ///   - labels: B×H×W bytes, 255 = ignore.
    ///   - strong: the strongly augmented view of the images, where a method compares views; nil: the batch's.
    ///   - objects: of each image; nil: the batch's.
    ///   - batch: that the images are of, whose teacher's maps may be in a cache; nil asks the living teacher.
    ///   - role: what they are in the step.
    func terms(
        _ images: Tensor, _ labels: Tensor, strong: Tensor? = nil, objects: [[Instance]?]? = nil, at progress: Double,
        of batch: Batch? = nil, as role: StepBatch.Role = .whole
    ) -> [LossTerm] {
        let labels = labels.long
        var taps = Taps(distiller?.studentTaps ?? [])
        var terms: [LossTerm] = []
        if let task {
            let objects = objects ?? batch?.instances ?? []
            terms = task.loss(task.network, images, labels, objects: objects, of: batch, taps: &taps)
        } else {
            taps = student.record(taps.requested, of: images)
        }
        if role.isPseudo { terms = terms.map { $0.onPseudoLabels(weight: pseudoWeight) } }
        let strong = strong ?? batch?.strongImages(on: student.device)
        return terms + methods(images, labels, strong: strong, taps, at: progress, of: batch, as: role)
    }

    private func methods(
        _ images: Tensor, _ labels: Tensor, strong: Tensor?, _ taps: Taps, at progress: Double, of batch: Batch?, as role: StepBatch.Role
    ) -> [LossTerm] {
        let losses = distiller?.losses(images, strong: strong, student: taps, labels: labels, at: progress, of: batch) ?? []
        return losses.map { $0.ofShare(role.share) }
    }

    /// Counts on from `step`, with nothing broken.
    func restart(after step: Int) {
        taken = .full([], Double(step), dtype: .int64, device: student.device)
        isBroken = .zeros([], device: student.device)
    }
}

extension [(name: String, value: Tensor)] {
    /// Adds values to those of the same names.
    fileprivate mutating func add(_ values: [(name: String, value: Tensor)]) {
        for (name, value) in values {
            if let place = firstIndex(where: { $0.name == name }) {
                self[place].value = self[place].value + value
            } else {
                append((name, value))
            }
        }
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
