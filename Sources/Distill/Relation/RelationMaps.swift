import Torch

/// The two maps of a relation loss, as features of positions, on the student's grid.
struct RelationMaps {
    /// B×C×N.
    let teacher: Tensor
    let student: Tensor
    /// B×N, truth values: not ignored. Nil: every position counts.
    let counted: Tensor?

    /// - Parameters:
    ///   - role: of both maps; the teacher's is resized to the student's.
    ///   - pooling: what makes both smaller. A cell counts when one of its pixels does.
    init(_ inputs: MethodInputs, role: String, pooling: MapPooling) {
        let map = inputs.student[role]!.fullPrecision
        let others = aligned(inputs.teacher[role]!, to: map)
        let ignored = inputs.ignored(on: map)
        student = pooling(map, ignored).flatten(2)
        teacher = pooling(others, ignored).flatten(2)
        counted = ignored.map { pooling.counted($0.to(map.dtype)).flatten(1) }
    }

    /// 1 where a position counts, else 0; B×N.
    var weights: Tensor {
        counted?.to(student.dtype) ?? .ones([student.size(0), student.size(2)], dtype: student.dtype, device: student.device)
    }
}

/// How a relation loss makes maps smaller; what is ignored enters no cell.
enum MapPooling {
    case none
    /// k×k, the last cells smaller where k does not divide the size.
    case average(Int)
    case maximum(Int)
    /// To a size of height and width.
    case adaptive([Int])

    /// - Parameter ignored: B×1×h×w, truth values.
    func callAsFunction(_ map: Tensor, _ ignored: Tensor?) -> Tensor {
        guard let ignored, !isNone else { return pooled(map) }
        if case .maximum = self {
            let found = pooled(map.maskedFill(ignored, Double(-Float.greatestFiniteMagnitude)))
            return found.maskedFill(.!counted(ignored.to(map.dtype)), 0)
        }
        let shares = pooled((.!ignored).to(map.dtype))
        return pooled(map.maskedFill(ignored, 0)) / shares.clamp(min: 1e-12)
    }

    /// B×1×h'×w', truth values, from 1 where a pixel is ignored and 0 elsewhere.
    func counted(_ ignored: Tensor) -> Tensor { pooled(1.0 - ignored) .> 0.0 }

    private var isNone: Bool { if case .none = self { true } else { false } }

    private func pooled(_ map: Tensor) -> Tensor {
        switch self {
        case .none: map
        case .average(let side): F.avgPool2d(map, kernel: [side, side], ceilMode: true)
        case .maximum(let side): F.maxPool2d(map, kernel: [side, side], ceilMode: true)
        case .adaptive(let size): F.adaptiveAvgPool2d(map, size)
        }
    }

    /// The positions of a map after it.
    func positions(_ height: Int, _ width: Int) -> Int { size(height, width).reduce(1, *) }

    /// A map's height and width after it.
    func size(_ height: Int, _ width: Int) -> [Int] {
        switch self {
        case .none: [height, width]
        case .average(let side), .maximum(let side): [(height + side - 1) / side, (width + side - 1) / side]
        case .adaptive(let size): size
        }
    }

    /// The smallest whole factor that leaves at most `limit` positions.
    static func toAtMost(_ limit: Int, _ height: Int, _ width: Int) -> MapPooling {
        guard height * width > limit else { return .none }
        let sizes = (2...max(height, width)).lazy.map { [max(1, height / $0), max(1, width / $0)] }
        return .adaptive(sizes.first { $0[0] * $0[1] <= limit } ?? [1, 1])
    }
}

extension RelationMaps {
    /// Bytes of what is made of the taps: a copy of each that is resized, and what a pooling and the ignored pixels take.
    static func peakMemory(_ shapes: MethodShapes, _ role: String, _ pooling: MapPooling) -> Int {
        let (student, teacher) = (shapes.student[role]!, shapes.teacher[role]!)
        let positions = student[0] * student[2] * student[3]
        let resized = student.suffix(2) == teacher.suffix(2) ? 0 : positions * teacher[1]
        if case .none = pooling { return 4 * resized }
        // Both without what is ignored, the student's gradient, the pooled maps with the places of their maxima (8 bytes).
        let pooled = student[0] * pooling.positions(student[2], student[3]) * (student[1] + teacher[1])
        return 4 * (resized + positions * (2 * student[1] + teacher[1]) + 3 * pooled)
    }
}
