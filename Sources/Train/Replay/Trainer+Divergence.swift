import Runs
import Support

extension Trainer {
    /// Looks whether every step so far was taken; waits for the device.
    /// - Parameter outcome: the last step's.
    /// - Throws: `UserError` when one was not, after that step was kept to be looked at.
    func stopWhereBroken(_ outcome: TrainingStep.Outcome, _ timer: StepTimer) throws {
        defer { recent = [] }
        let taken = Int(setup.step.taken.item())
        guard taken < position.step, let first = recent.first(where: { $0.step == taken + 1 }) else { return }
        var losses: [String: Double]?
        if first.step == position.step { losses = Dictionary(uniqueKeysWithValues: outcome.losses.map { ($0.name, $0.value.item()) }) }
        throw UserError(
            "training diverged at step \(first.step): \(timer.broken.joined(separator: ", ")) is not a number any more",
            hint:
                "Lower optimizer.learningRate, set optimizer.clip (5, say) or a warm-up, or lower a method's weight. The step was not taken, "
                + "the last checkpoint is as it was.\n  " + Replay.keep(first, losses: losses, setup, in: run),
            exitCode: .internalError)
    }
}
