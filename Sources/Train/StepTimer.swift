import Foundation
import Runs
import Support
import Torch

/// Collects what one logged line tells: losses summed on the device, seconds by phase, images.
struct StepTimer {
    private var sums: [(name: String, value: Tensor)] = []
    /// A term that has not set in yet is in fewer steps than the others.
    private var unweighted: [String: (sum: Tensor, count: Int)] = [:]
    private var trunkNorms: [(name: String, value: Tensor)] = []
    private var gradientNorm: Tensor?
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
        for (name, value) in outcome.unweighted {
            if let (sum, count) = unweighted[name] {
                unweighted[name] = (sum.add_(value), count + 1)
            } else {
                unweighted[name] = (value.clone(), 1)
            }
        }
        if !outcome.trunkNorms.isEmpty { trunkNorms = outcome.trunkNorms }
        gradientNorm = outcome.gradientNorm
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

    /// The terms that are not a number any more since the last line; of numbers alone, the gradient. Waits for the device.
    var broken: [String] {
        let names = sums.filter { $0.name != "total" && !$0.value.item().isFinite }.map(\.name).sorted()
        return names.isEmpty ? ["gradient"] : names
    }

    /// The line's event; waits for the device and starts the next one.
    mutating func finish(step: Int, epoch: Double, learningRate: Double, device: Device) -> StepEvent {
        var losses: [String: Double] = [:]
        for (name, sum) in sums { losses[name] = sum.item() / Double(steps) }
        let norms = trunkNorms.map { (name: $0.name, norm: $0.value.item()) }
        let seconds = (Self.now() - since - paused) / Double(steps)
        let wait = waiting / Double(steps)
        let event = StepEvent(
            step: step, epoch: epoch, losses: losses, unweighted: unweighted.mapValues { $0.sum.item() / Double($0.count) },
            gradientShares: norms.isEmpty ? nil : .init(sharesOf: norms), learningRate: learningRate, gradientNorm: gradientNorm?.item(),
            imagesPerSecond: Double(images) / (seconds * Double(steps)), seconds: ["data": wait, "step": seconds - wait],
            memory: device == .cpu ? Processor.residentMemory : device.memory.allocated)
        self = StepTimer()
        return event
    }
}
