import Torch
import TorchNN

/// GKD's head between the student's tokens and the teacher's, "query-based soft distillation", as its authors coded it:
/// QSD(x, t) = softmax(φ(x) tᵀ) ψ(x), φ and ψ a layer normalisation and a linear map to the teacher's width each. The teacher's tokens are
/// the keys as they are, the values are the student's. Trained with the student and left out of its checkpoint.
final class QueryHead: Module {
    /// Nil: without attention, ψ(x) alone.
    let queryNorm: LayerNorm?
    let query: Linear?
    let valueNorm: LayerNorm
    let value: Linear
    private let scale: Double

    override class var keys: [String: String] { ["queryNorm": "queryNorm", "valueNorm": "valueNorm"] }

    /// - Parameters:
    ///   - attends: whether there is a query.
    ///   - isScaled: whether products are divided by the root of the teacher's width.
    init(from studentChannels: Int, to teacherChannels: Int, attends: Bool, isScaled: Bool) {
        queryNorm = attends ? LayerNorm(studentChannels) : nil
        query = attends ? Linear(studentChannels, teacherChannels) : nil
        valueNorm = LayerNorm(studentChannels)
        value = Linear(studentChannels, teacherChannels)
        scale = isScaled ? 1 / Double(teacherChannels).squareRoot() : 1
    }

    /// Σ over the tokens that count of ‖QSD(x, t) − t‖².
    /// - Parameters:
    ///   - student: B×N×Cs.
    ///   - teacher: B×N×Ct, without gradient.
    ///   - counted: B×N, truth values; the other tokens are not attended to either. Nil: all count.
    ///   - inputs: say what φ and ψ are computed in.
    func squaredError(_ student: Tensor, _ teacher: Tensor, counted: Tensor?, _ inputs: MethodInputs) -> Tensor {
        let values = inputs.layer(student) { value(valueNorm($0)) }
        guard let query, let queryNorm else {
            return Distance.squared(values, teacher, ignoring: counted.map { (.!$0).unsqueeze(2) })
        }
        let queries = inputs.layer(student) { query(queryNorm($0)) }
        return AttentionError(queries: queries, values: values, keys: teacher, counted: counted, scale: scale)()
    }

    /// Bytes for tokens B×N×Cs to B×N×Ct, gradients included.
    func peakMemory(batch: Int, positions: Int, student: Int, teacher: Int) -> Int {
        // The normalised tokens, what the maps give and its gradient, of each branch.
        let branch = 4 * batch * positions * (2 * student + teacher)
        guard query != nil else { return branch + 4 * 3 * batch * positions * teacher }
        return 2 * branch + AttentionError.memory(batch: batch, positions: positions, channels: teacher)
    }
}
