import SegData
import Support
import Torch

/// A teacher's class scores in the student's classes: the probabilities of the teacher's classes that are one of the student's are summed,
/// which of logits is the logarithm of the sum of their exponentials. What has no counterpart is left out, and the others' probabilities
/// rise in proportion.
package struct ClassFold {
    /// For each of the student's classes the teacher's; none is empty.
    package let groups: [[Int]]
    private let indices: [Tensor]

    /// The student's classes.
    package var count: Int { groups.count }

    /// - Throws: `UserError` when no class of the teacher's is one of the student's.
    package init(_ map: ClassMap, device: Device) throws {
        groups = (0..<map.target.count).map { target in map.indices.indices.filter { Int(map.indices[$0]) == target } }
        let missing = zip(map.target.names, groups).filter { $0.1.isEmpty }.map(\.0)
        guard missing.isEmpty else {
            throw UserError(
                "teacher.classMap: no class of the teacher is \(missing.prefix(6).joined(separator: ", "))\(missing.count > 6 ? ", …" : "")",
                hint: "Its scores would teach the student never to predict that. Train on classes that both know (data.classMap: common7), "
                    + "or distil features: cwd with taps: {teacher: features, student: features}.")
        }
        indices = groups.map { Tensor($0.map(Int64.init), device: device) }
    }

    /// B×Kt×h×w logits to B×Ks×h×w in float32.
    package func callAsFunction(_ logits: Tensor) -> Tensor {
        let scores = logits.float
        return .stack(indices.map { scores.indexSelect(1, $0).logSumExp([1]) }, 1)
    }
}
