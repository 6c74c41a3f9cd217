import Foundation
import Recipes
import Runs
import SegData
import Support
import Torch

/// A look at a training before it starts: the teacher, the maps that are compared, the losses' shares of the gradient, memory and time.
///
/// Nothing that training computes later depends on it, bit for bit.
public struct Preflight {
    public let setup: TrainingSetup
    /// Bytes that the program may hold; nil: what the system has, and for an accelerator what it gives.
    public var memory: Int?
    /// A score from before, which is used again if it is of the same teacher and data.
    public var known: PreflightRecord.Score?
    /// Where the classes' counts are kept, for a sampling that goes by them.
    public var statistics: URL?

    public init(_ setup: TrainingSetup) { self.setup = setup }

    private var recipe: Recipe { setup.recipe }

    /// - Parameter note: told what takes a while, a line at a time.
    /// - Throws: `UserError` when training cannot work: a loss that is not a number, more memory than there is. What the loader throws.
    public func run(note: (String) -> Void = { _ in }) throws -> PreflightRecord {
        var record = PreflightRecord(losses: [], cost: .init(device: "\(setup.device)", steps: setup.steps, secondsPerStep: 0))
        let first = try StepLoader(setup, statistics: statistics, from: .start).next()
        let trial = Trial(setup: setup, batch: first.labelled, unlabelled: first.unlabelled)
        record.teacher = try TeacherCheck(setup)?.feeding()
        try fitting(trial.batch) {
            record.cost.memory = memory ?? setup.availableMemory
            // First of all: what another pass has left free would hide what this one takes.
            if let memory = record.cost.memory { try refuse(beyond: memory, trial) }
            if let distiller = setup.distiller { record.taps = try setup.undoing { trial.taps(distiller) } }
            (record.losses, record.unreached, record.idle) = try setup.undoing { try trial.losses() }
            try refuseBroken(record.losses)
            let cost = try setup.undoing { try trial.cost() }
            record.cost.secondsPerStep = cost.seconds
            record.cost.peakMemory = cost.peak > 0 ? cost.peak : nil
        }
        if let check = TeacherCheck(setup) {
            record.teacher?.score = try check.score(known, note)
            record.warnings += check.warnings(record.teacher?.score)
        }
        record.warnings += lossWarnings(record)
        return record
    }

    // MARK: Memory

    /// A pass over two images says what all of a batch will take: the maps grow with the images, the gradients do not.
    private func refuse(beyond memory: Int, _ trial: Trial) throws {
        let count = min(2, trial.batch.count)
        let before = setup.heldMemory
        let growth = try setup.undoing { try trial.growth(images: count) }
        let gradients = setup.student.model.parameterCount * 4
        let anImage = max(0, growth - gradients) / count
        let needed = before + gradients + anImage * trial.batch.count
        guard needed > memory else { return }
        let fitting = anImage > 0 ? (memory - before - gradients) / anImage : 0
        throw tooLarge(trial.batch, needed: needed, memory: memory, fitting: fitting)
    }

    /// Runs `body` with an accelerator's refusal in the same words.
    private func fitting(_ batch: Batch, _ body: () throws -> Void) throws {
        do { try body() } catch let error as TorchError where error.isOutOfMemory {
            throw tooLarge(batch, needed: nil, memory: setup.device.memory.peak, fitting: batch.count / 2)
        }
    }

    private func tooLarge(_ batch: Batch, needed: Int?, memory: Int, fitting: Int) -> UserError {
        let accumulate = recipe.optimizer.accumulate
        // The largest batch that fits and divides the one that was asked for: the step keeps its images.
        let smaller = stride(from: min(fitting, batch.count - 1), to: 0, by: -1).first { batch.count % $0 == 0 }
        let crop = recipe.data.augmentation.crop
        let halved = crop.map { "data.augmentation.crop=[\($0.height / 2), \($0.width / 2)]" } ?? "a smaller data.augmentation.crop"
        let advice =
            smaller.map {
                "Use data.loader.batchSize=\($0) optimizer.accumulate=\(accumulate * batch.count / $0), which takes the same images a step, "
                    + "or \(halved)."
            } ?? "Use \(halved), or a smaller network."
        let wanted = needed.map { "about \(gibibytes($0))" } ?? "more than the device has"
        return UserError(
            "a step on \(batch.count) images of \(batch.size) needs \(wanted); there are \(gibibytes(memory)) on \(setup.device)",
            hint: advice, exitCode: .outOfMemory)
    }

    // MARK: Losses

    private func refuseBroken(_ losses: [PreflightRecord.Loss]) throws {
        let broken = losses.filter { !($0.value ?? 0).isFinite }.map(\.name)
        guard !broken.isEmpty else { return }
        throw UserError(
            "the loss is not a number at the first step: \(broken.joined(separator: ", "))",
            hint: "Look at the weights that the networks start from (student.weights, teacher.checkpoint) and at the images "
                + "(segdistill data check).")
    }

    /// Of the gradient, for one method. With more, two of three arms in docs/results.md lost accuracy, which a smaller weight gave back.
    private static let largestShare = 2.0 / 3

    private func lossWarnings(_ record: PreflightRecord) -> [String] {
        var warnings: [String] = []
        for loss in record.losses where loss.weight > 0 {
            if loss.share == 0 && loss.name != "auxiliary" {
                warnings.append(
                    setup.frozen == nil
                        ? "\(loss.name) gives the student's trunk no gradient: it trains the head at most."
                        : "\(loss.name) gives the student no gradient below the classifier: it looks at the frozen encoder.")
            } else if loss.name != "task" && loss.share > Self.largestShare && recipe.loss.task != .none {
                // The share is w·g / (w·g + others): half as much as the others is a third of all.
                let third = loss.weight * (1 - loss.share) / (2 * loss.share)
                warnings.append(
                    "\(loss.name) gives \(percentage(loss.share, digits: 0)) % of the gradient on the student's trunk; the labels are hardly "
                        + "heard. A weight of \(String(format: third < 10 ? "%.2g" : "%.0f", third)) would leave it a third.")
            } else if loss.name != "task" && loss.share < 0.01 {
                warnings.append(
                    "\(loss.name) gives \(percentage(loss.share)) % of the gradient on the student's trunk: it will change little. Consider a "
                        + "larger weight.")
            }
        }
        return warnings
    }
}

extension TrainingSetup {
    /// Bytes that the process may hold, what it holds already included; nil where the system does not tell.
    var availableMemory: Int? {
        guard device == .cpu, let free = Processor.availableMemory, let held = Processor.residentMemory else { return nil }
        return held + free
    }
}

/// Bytes for people.
func gibibytes(_ bytes: Int) -> String {
    bytes < 1 << 30 ? "\(bytes >> 20) MiB" : "\(fixed(Double(bytes) / 0x1p30, 1)) GiB"
}
