import Support
import Torch
import TorchNN

/// A moving average of a module's weights, which often scores better than the weights themselves.
///
/// average ← decay · average + (1 − decay) · value for parameters and floating-point buffers, batch normalisation's
/// statistics among them, as timm's `ModelEmaV3`; other buffers are copied. The first update copies everything, as
/// PyTorch's `AveragedModel`.
public final class ExponentialMovingAverage {
    public let decay: Double
    /// Whether update t, from 1, has a decay of at most 1 − 1/t, so that the average starts as the mean of all values: UniMatch V2's.
    public let isRamped: Bool
    private let names: [String]
    private let values: [Tensor]
    private let averages: [Tensor]
    /// The number of updates, as a tensor so that it is saved with the others.
    private let updates = Tensor.zeros([], dtype: .int64)
    private var updateCount = 0
    private var isFirstUpdate: Bool { updateCount == 0 }

    /// Make it after the module was moved and converted for good: averages live where the values live.
    public init(of module: Module, decay: Double, isRamped: Bool = false) {
        self.decay = decay
        self.isRamped = isRamped
        let state = module.stateDict()
        names = state.map(\.0)
        values = state.map(\.1)
        averages = withoutGradients { state.map { $0.1.detach().clone() } }
    }

    /// To be called after each step of the optimiser.
    public func update() {
        withoutGradients {
            let blends = isFirstUpdate ? [] : values.indices.filter { values[$0].dtype.isFloatingPoint }
            let copies = isFirstUpdate ? Array(values.indices) : values.indices.filter { !values[$0].dtype.isFloatingPoint }
            let decay = isRamped ? min(decay, 1 - 1 / Double(updateCount + 1)) : decay
            if !blends.isEmpty { Foreach.lerp_(blends.map { averages[$0] }, blends.map { values[$0] }, 1 - decay) }
            if !copies.isEmpty { Foreach.copy_(copies.map { averages[$0] }, copies.map { values[$0] }) }
            updates.add_(.one)
        }
        updateCount += 1
    }

    /// The averaged module's own state, by the module's names: what is saved for use.
    public var stateDict: [(String, Tensor)] { Array(zip(names, averages)) }

    /// Runs `body` with the averages in the module's place, for evaluation; before the first update nothing is exchanged.
    public func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
        guard !isFirstUpdate else { return try body() }
        exchange()
        defer { exchange() }
        return try body()
    }

    private func exchange() {
        withoutGradients {
            let own = values.map { $0.clone() }
            Foreach.copy_(values, averages)
            Foreach.copy_(averages, own)
        }
    }

    /// All that a checkpoint has to hold: the averages under `average.`, and the number of updates. Must not be taken inside
    /// ``withAverages(_:)``, where the averages are the module's values.
    public var state: [(String, Tensor)] {
        zip(names, averages).map { ("average.\($0)", $1) } + [("updates", updates)]
    }

    /// Goes on from a saved ``state``, bit for bit.
    /// - Throws: `UserError` when a tensor is missing, left over or of another shape; nothing is changed then.
    public func load(state saved: [String: Tensor]) throws {
        let own = state
        let missing = own.map(\.0).filter { saved[$0] == nil }
        let unexpected = Set(saved.keys).subtracting(own.map(\.0)).sorted()
        let mismatched = own.filter { name, tensor in saved[name].map { $0.shape != tensor.shape } ?? false }.map(\.0)
        let problems = [("missing", missing), ("unexpected", unexpected), ("of another shape", mismatched)].filter { !$0.1.isEmpty }
        guard problems.isEmpty else {
            let text = problems.map { "\($0.0): \($0.1.prefix(6).joined(separator: ", "))" }.joined(separator: "; ")
            throw UserError(
                "the moving average's state does not fit the model (\(text))",
                hint: "Continue with the recipe that the checkpoint was written with, or start anew.")
        }
        withoutGradients { for (name, tensor) in own { tensor.copy_(saved[name]!) } }
        updateCount = Int(updates.item())
    }
}
