import Distill
import Recipes
import Runs
import SegData
import SegModels
import Support
import Torch
import TorchNN

extension TrainingSetup {
    /// Runs `body` and puts everything back that training goes on from: weights, buffers, the optimiser's and the methods' state, random
    /// numbers. It is what a checkpoint holds, so a run goes on as if `body` had not been.
    func undoing<Result>(_ body: () throws -> Result) throws -> Result {
        func copies(_ state: [(String, Tensor)]) -> [String: Tensor] {
            Dictionary(uniqueKeysWithValues: state.map { ($0.0, $0.1.detach().clone()) })
        }
        let (model, training, taken) = try withTorchErrors { (copies(deployedState), copies(trainingState), Int(step.taken.item())) }
        let result = Swift.Result { try withTorchErrors(body) }
        try restore(model, training, from: "the state before the trial")
        step.optimizer.zeroGrad()
        distiller?.opponents.zeroGrad()
        step.restart(after: taken)
        return try result.get()
    }
}

/// The first batch's losses and a few steps, tried out.
struct Trial {
    let setup: TrainingSetup
    let batch: Batch
    /// Images with pseudo-labels that go beside them.
    let unlabelled: Batch?

    private var step: TrainingStep { setup.step }
    private var images: Tensor { batch.images(on: setup.device) }
    private var labels: Tensor { batch.labels(on: setup.device) }
    private var strong: Tensor? { batch.strongImages(on: setup.device) }

    /// Every term with all methods at work, and the parameters that get no gradient from any.
    func losses() throws -> (losses: [PreflightRecord.Loss], unreached: [ParameterSet], idle: [ParameterSet]) {
        let terms = step.terms(images, labels, strong: strong, objects: batch.instances, at: 1)
        let norms = zip(terms, terms.gradientNorms(on: step.trunk)).map { (name: $0.name, norm: $1.item()) }
        let early = setup.distiller?.weights(at: 0) ?? [:]
        let weights = terms.map { (start: early[$0.name] ?? $0.weight, full: $0.weight) }
        let earlyNorms = zip(norms, weights).map { (name: $0.name, norm: $1.full > 0 ? $0.norm * $1.start / $1.full : 0) }
        let (shares, earlyShares) = ([String: Double](sharesOf: norms), [String: Double](sharesOf: earlyNorms))
        let losses = zip(terms, weights).map { term, weight in
            PreflightRecord.Loss(
                name: term.name, value: term.value?.item(), weightAtStart: weight.start, weight: weight.full,
                shareAtStart: earlyShares[term.name]!, share: shares[term.name]!)
        }
        step.optimizer.zeroGrad()
        terms.total.backward()
        let parameters = step.optimizer.parameters
        let unreached = parameters.filter { $0.tensor.grad == nil }.map(\.name)
        let idle = parameters.filter { $0.tensor.grad.map { !$0.any().item().isEqual(to: 1) } ?? false }.map(\.name)
        let all = parameters.map { (name: $0.name, values: $0.tensor.count) }
        return (losses, ParameterSet.covering(Set(unreached), of: all), ParameterSet.covering(Set(idle), of: all))
    }

    /// Bytes that the first `count` images add to what is held, shares of the gradient and backward pass included.
    func growth(images count: Int) throws -> Int {
        let before = setup.heldMemory
        let terms = step.terms(
            images[0..<count], labels[0..<count], strong: strong?[0..<count], objects: Array(batch.instances.prefix(count)), at: 1)
        // The whole graph stays while the shares are measured, which a backward pass alone does not need.
        _ = terms.gradientNorms(on: step.trunk)
        terms.total.backward()
        setup.device.synchronize()
        return max(0, setup.peakMemory - before)
    }

    /// Seconds of a whole step, after one that warms up, and the bytes held at its worst moment.
    func cost() throws -> (seconds: Double, peak: Int) {
        let pass = StepBatch(labelled: batch, unlabelled: unlabelled)
        let batches = [StepBatch](repeating: pass, count: setup.recipe.optimizer.accumulate)
        var seconds = 0.0
        for _ in 0..<2 {
            let start = StepTimer.now()
            _ = step(batches, step: setup.steps - 1)
            setup.device.synchronize()
            seconds = StepTimer.now() - start
        }
        return (seconds, setup.peakMemory)
    }

    /// The maps that the methods compare, from two of the images.
    func taps(_ distiller: Distiller) -> [PreflightRecord.Tap] {
        let few = images[0..<min(2, batch.count)]
        let student = withoutGradients {
            distiller.maps(setup.student.record(distiller.studentTaps, of: few), of: setup.student.model, few)
        }
        let teacher = distiller.teacherMaps(Set(distiller.methods.flatMap { $0.teacherTaps.values }), of: few)
        func map(_ name: String, _ maps: [String: Tensor]) -> PreflightRecord.Map {
            let shape = [batch.count] + maps[name]!.shape.dropFirst()
            let sides = zip([batch.size.height, batch.size.width], shape.dropFirst(2))
            return .init(name: name, shape: shape, stride: sides.map { Double($0) / Double($1) })
        }
        return distiller.methods.flatMap { method in
            method.teacherTaps.keys.sorted().map { role in
                let (theirs, own) = (map(method.teacherTaps[role]!, teacher), map(method.studentTaps[role]!, student))
                return PreflightRecord.Tap(
                    method: method.name, role: role, teacher: theirs, student: own, matching: method.matching(theirs.shape, own.shape))
            }
        }
    }
}

extension Distiller.Active {
    /// What is done to make a pair of maps comparable: the method's own projectors are known by their shape.
    func matching(_ teacher: [Int], _ student: [Int]) -> String {
        var words: [String] = []
        if teacher.dropFirst(2) != student.dropFirst(2) {
            words.append("teacher resized to \(student.suffix(2).map(String.init).joined(separator: "×"))")
        }
        if teacher[1] != student[1] {
            let projector = method.parameters().contains { $0.dimensions >= 2 && Array($0.shape.prefix(2)) == [teacher[1], student[1]] }
            words.append(projector ? "student projected \(student[1]) → \(teacher[1]) channels" : "widths differ, which the method allows")
        }
        return words.isEmpty ? "equal" : words.joined(separator: ", ")
    }
}

extension TrainingSetup {
    /// Bytes held now: the process's, or what the accelerator has allocated.
    var heldMemory: Int { device == .cpu ? Processor.residentMemory ?? 0 : device.memory.allocated }

    /// Bytes held at most so far. What tensors leave free the process keeps, so that it holds no less afterwards.
    var peakMemory: Int { device == .cpu ? Processor.residentMemory ?? 0 : device.memory.peak }
}
