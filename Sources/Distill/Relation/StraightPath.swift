import Torch

/// The positions on the straight way from one to another, both among them.
struct StraightPath {
    /// Rows down and columns to the right of the first.
    private let points: [(down: Int, right: Int)]

    var length: Int { points.count }

    /// From a position to every other that is nearer than `radius`, one of the two directions each.
    static func all(nearerThan radius: Int) -> [StraightPath] {
        (0..<radius).flatMap { down in
            (1 - radius..<radius).compactMap { right in
                guard down > 0 || right > 0, down * down + right * right < radius * radius else { return nil }
                return StraightPath(down, right)
            }
        }
    }

    private init(_ down: Int, _ right: Int) {
        let steps = max(down, abs(right))
        points = (0...steps).map { step in
            let share = Double(step) / Double(steps)
            return (Int((Double(down) * share).rounded()), Int((Double(right) * share).rounded()))
        }
    }

    /// How likely nothing lies between the two ends: 1 less the strongest boundary (B×1×h×w) on the way; B×1×rows×columns, for every first position
    /// whose last lies inside of the map. Nil: there is none.
    func affinity(_ boundary: Tensor) -> Tensor? {
        let views = points.compactMap { view(boundary, $0) }
        return views.isEmpty ? nil : 1.0 - Tensor.concatenate(views, 1).amax([1], keepDimensions: true)
    }

    /// Views of a map (B×C×h×w) at both ends.
    func ends(_ map: Tensor) -> (Tensor, Tensor) { (view(map, points[0])!, view(map, points[points.count - 1])!) }

    private func view(_ map: Tensor, _ point: (down: Int, right: Int)) -> Tensor? {
        let last = points[points.count - 1]
        let (rows, columns) = (map.size(2) - last.down, map.size(3) - abs(last.right))
        guard rows > 0, columns > 0 else { return nil }
        let left = max(0, -last.right) + point.right
        return map[.all, .all, point.down..<point.down + rows, left..<left + columns]
    }
}
