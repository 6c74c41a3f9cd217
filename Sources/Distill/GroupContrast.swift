import Torch

/// Af-DCD's contrast between the positions and groups of channels of two maps, patch by patch.
struct GroupContrast {
    let groups: Int
    let pool: Int
    let patch: Int
    let temperature: Double

    private static let distances = Operator("aten::cdist")
    private static let diagonal = Operator("aten::diagonal")
    /// What a softmax gives no weight.
    private static let never = -1e9

    /// Mean over the pooled positions, summed over the groups; a window counts by its pixels that are not ignored, and not at all without any.
    func callAsFunction(_ made: Tensor, _ teacher: Tensor, ignoring ignored: Tensor?) -> Tensor {
        let (madeMap, teacherMap) = (pooled(made, ignored), pooled(teacher, ignored))
        let windows = pooledKeep(made, ignored)
        let positions = windows.sum().clamp(min: 1)
        // P×R, one row a position and group: whether it counts.
        let counts = patches(windows.expand([made.size(0), groups, windows.size(2), windows.size(3)])).squeeze(2)
        let rows = counts.size(1)
        let similarity = -Self.distances(patches(madeMap), patches(teacherMap), 1.0, Argument.none) / temperature
        // The same group of another position is neither like nor unlike.
        let group = Tensor.arange(0, rows, device: made.device).remainder(groups)
        let isItself = Tensor.eye(rows, dtype: .bool, device: made.device)
        let isOther = (group.unsqueeze(0) .!= group.unsqueeze(1)) .& (counts .> 0).unsqueeze(1)
        let logits = similarity.maskedFill(.!(isItself .| isOther), Self.never)
        return ((logits.logSumExp([2]) - Self.diagonal(similarity, 0, 1, 2)) * counts).sum() / positions
    }

    /// Bytes of distances and what is derived from them, forward and backward.
    func peakMemory(_ student: [Int]) -> Int {
        func side(_ length: Int) -> Int { (max(1, length / pool) + patch - 1) / patch }
        let rows = patch * patch * groups
        return 4 * 4 * student[0] * side(student[2]) * side(student[3]) * rows * rows
    }

    private func window(_ map: Tensor) -> [Int] { [min(pool, map.size(2)), min(pool, map.size(3))] }

    private func pooled(_ map: Tensor, _ ignored: Tensor?) -> Tensor {
        guard pool > 1 else { return map }
        guard let ignored else { return F.maxPool2d(map, kernel: window(map)) }
        let highest = F.maxPool2d(map.maskedFill(ignored, Self.never), kernel: window(map))
        return highest.maskedFill(pooledKeep(map, ignored) .== 0, 0)
    }

    /// B×1×h×w: 1 where a window has a pixel that counts.
    private func pooledKeep(_ map: Tensor, _ ignored: Tensor?) -> Tensor {
        let keep =
            ignored.map { (.!$0).to(map.dtype) }
            ?? Tensor.ones([map.size(0), 1, map.size(2), map.size(3)], dtype: map.dtype, device: map.device)
        return pool > 1 ? F.maxPool2d(keep, kernel: window(map)) : keep
    }

    /// B×C×h×w to P × (patch² · groups) × (C / groups), positions first; what a last patch lacks is 0.
    private func patches(_ map: Tensor) -> Tensor {
        let (batch, channels) = (map.size(0), map.size(1))
        let missing = [map.size(2), map.size(3)].map { (patch - $0 % patch) % patch }
        let whole = missing == [0, 0] ? map : map.pad([0, missing[1], 0, missing[0]])
        let (down, across) = (whole.size(2) / patch, whole.size(3) / patch)
        return whole.reshape(batch, groups, channels / groups, down, patch, across, patch).permute(0, 3, 5, 4, 6, 1, 2)
            .reshape(batch * down * across, patch * patch * groups, channels / groups)
    }
}
