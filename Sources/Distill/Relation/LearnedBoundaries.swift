import Torch
import TorchNN

/// Boundaries by heads that are learned beside the student: IRNet's idea (Ahn et al. 2019) as a distillation loss.
///
/// a(i, j) = 1 − the strongest boundary on the straight way from i to j, for pairs nearer than `radius`.
/// boundary = mean over pairs of |aₛ − aₜ|, with gradient for the student and its head.
/// heads = half the mean of −log a over pairs of the same class and half that of −log (1 − a) over pairs of different ones, summed over the
/// teacher's head and the student's, from features without gradient.
final class LearnedBoundaries: Module {
    let teacher: BoundaryHead
    let student: BoundaryHead
    private let radius: Int
    private static let eps = 1e-5

    init(teacherChannels: [Int], studentChannels: [Int], radius: Int) {
        (teacher, student) = (BoundaryHead(teacherChannels), BoundaryHead(studentChannels))
        self.radius = radius
    }

    /// - Parameter maps: of the stages, B×C×h×w.
    func callAsFunction(
        teacher teacherMaps: [Tensor], student studentMaps: [Tensor], _ inputs: MethodInputs
    ) -> (boundary: Tensor, heads: Tensor) {
        let finest = studentMaps.max { $0.size(2) * $0.size(3) < $1.size(2) * $1.size(3) }!
        let size = Array(finest.shape.suffix(2))
        func counted(_ map: Tensor) -> Tensor {
            inputs.ignored(on: map).map { (.!$0).to(map.dtype) }
                ?? .ones([map.size(0), 1, map.size(2), map.size(3)], dtype: map.dtype, device: map.device)
        }
        func boundaries(_ head: BoundaryHead, _ maps: [Tensor]) -> Tensor { head(maps, counted: maps.map(counted), size: size) }
        let learning = boundaries(student, studentMaps)
        let heads = Tensor.concatenate([boundaries(teacher, teacherMaps), boundaries(student, studentMaps.map { $0.detach() })])
        let taught = heads[0..<finest.size(0)].detach()
        let labels = inputs.labels(on: finest)?.unsqueeze(1)
        return sums(learning, taught, heads, counted: counted(finest), labels)
    }

    /// Bytes beside the inputs, for maps of these shapes.
    func peakMemory(_ student: [[Int]], teacher: [[Int]]) -> Int {
        let positions = student.map { $0[0] * $0[2] * $0[3] }
        let finest = positions.max()!
        // The student's maps without what is ignored and their gradients, the teacher's; ten maps of each branch for three heads.
        let maps = student.map { 3 * $0.reduce(1, *) }.reduce(0, +) + teacher.map { $0.reduce(1, *) }.reduce(0, +)
        let branches = 3 * BoundaryBranch.width * (10 * positions.reduce(0, +) + 2 * student.count * finest)
        // For every path the boundaries on it, of four maps, and ten maps of the pairs.
        let paths = StraightPath.all(nearerThan: radius).map { 4 * ($0.length + 1) + 10 }.reduce(0, +)
        return 4 * (maps + branches + paths * finest)
    }

    private func sums(
        _ learning: Tensor, _ taught: Tensor, _ heads: Tensor, counted: Tensor, _ labels: Tensor?
    ) -> (boundary: Tensor, heads: Tensor) {
        var (difference, pairs) = (WeightedMean(), [WeightedMean(), WeightedMean()])
        for path in StraightPath.all(nearerThan: radius) {
            guard let student = path.affinity(learning), let teacher = path.affinity(taught) else { continue }
            let ends = path.ends(counted)
            let both = ends.0 * ends.1
            difference.add((student - teacher).abs(), both)
            guard let labels, let affinity = path.affinity(heads) else { continue }
            let classes = path.ends(labels)
            let same = (classes.0 .== classes.1).to(both.dtype) * both
            pairs[0].add(-(affinity + Self.eps).log(), same.repeated([2, 1, 1, 1]))
            pairs[1].add(-(1.0 + Self.eps - affinity).log(), (both - same).repeated([2, 1, 1, 1]))
        }
        let none = Tensor.zeros([], dtype: counted.dtype, device: counted.device)
        return (difference.value ?? none, pairs.compactMap(\.value).reduce(none, +))
    }
}

/// A mean that is added up part by part.
private struct WeightedMean {
    private var sums: (values: Tensor, weights: Tensor)?

    mutating func add(_ values: Tensor, _ weights: Tensor) {
        let (sum, count) = ((values * weights).sum(), weights.sum())
        sums = sums.map { ($0.values + sum, $0.weights + count) } ?? (sum, count)
    }

    /// 0 when every weight is; nil when nothing was added.
    var value: Tensor? { sums.map { $0.values / $0.weights.clamp(min: 1) } }
}
