import Foundation
import Runs
import Support
import Torch

/// Collects what one logged line tells: losses summed on the device, seconds by phase, images.
struct StepTimer {
    private var sums: [(name: String, value: Tensor)] = []
    private var steps = 0
    private var images = 0
    private var waiting = 0.0
    private var since = StepTimer.now()
    /// Time that went into evaluation and checkpoints since the last line, which is no part of a step.
    private var paused = 0.0

    static func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    mutating func add(_ outcome: TrainingStep.Outcome, images: Int, waited: Double) {
        if sums.isEmpty {
            sums = outcome.losses.map { ($0.name, $0.value.clone()) }
        } else {
            for (sum, term) in zip(sums, outcome.losses) { sum.value.add_(term.value) }
        }
        steps += 1
        self.images += images
        waiting += waited
    }

    /// Runs `body` off the clock.
    mutating func pausing<Result>(_ body: () throws -> Result) rethrows -> Result {
        let start = Self.now()
        defer { paused += Self.now() - start }
        return try body()
    }

    /// The line's event; waits for the device and starts the next one.
    /// - Throws: `UserError` when a loss or the gradient is no longer a number.
    mutating func finish(step: Int, epoch: Double, learningRate: Double, gradientNorm: Tensor?, device: Device) throws -> StepEvent {
        var losses: [String: Double] = [:]
        for (name, sum) in sums { losses[name] = sum.item() / Double(steps) }
        let norm = gradientNorm?.item()
        let seconds = (Self.now() - since - paused) / Double(steps)
        let wait = waiting / Double(steps)
        let event = StepEvent(
            step: step, epoch: epoch, losses: losses, learningRate: learningRate, gradientNorm: norm,
            imagesPerSecond: Double(images) / (seconds * Double(steps)), seconds: ["data": wait, "step": seconds - wait],
            memory: device == .cpu ? Processor.residentMemory : device.memory.allocated)
        self = StepTimer()
        let broken = losses.filter { !$0.value.isFinite }.keys.sorted() + (norm.map { $0.isFinite } ?? true ? [] : ["gradient"])
        guard broken.isEmpty else {
            throw UserError(
                "training diverged before step \(step): \(broken.joined(separator: ", ")) is not a number any more",
                hint: "Lower optimizer.learningRate, set optimizer.clip (5, say) or a warm-up, or a method's weight; "
                    + "the last checkpoint is intact.",
                exitCode: .internalError)
        }
        return event
    }
}
