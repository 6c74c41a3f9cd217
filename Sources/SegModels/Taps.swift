import Torch

/// Intermediate tensors of one forward pass, by name: only those that somebody asked for are kept, so that the memory of
/// a frozen network stays what its largest layer needs.
///
/// Names are those of `segdistill parity`: `stage1` … `stage4` (the last map of a backbone at strides 4, 8, 16, 32, or at
/// the strides that dilation leaves), `cls`, `patches` and `block.<i>` of vision transformers, `features` (what the
/// classifier sees, before dropout) and `logits`.
public struct Taps {
    public let requested: Set<String>
    public private(set) var tensors: [String: Tensor] = [:]
    private let isAll: Bool
    /// What the pass is not to see.
    let hidden: HiddenPatches?

    /// Keeps nothing.
    public init() {
        requested = []
        (isAll, hidden) = (false, nil)
    }

    public init(_ requested: some Sequence<String>) {
        self.requested = Set(requested)
        (isAll, hidden) = (false, nil)
    }

    /// For a pass that is made for the taps alone.
    init(only requested: Set<String>, hiding hidden: HiddenPatches? = nil) {
        self.requested = requested
        (isAll, self.hidden) = (true, hidden)
    }

    /// Keeps `tensor` if it was asked for.
    public mutating func record(_ name: String, _ tensor: @autoclosure () -> Tensor) {
        if requested.contains(name) { tensors[name] = tensor() }
    }

    /// Whether the pass may end here: nothing else is wanted of it, and all that was asked for has been recorded.
    public var isComplete: Bool { isAll && tensors.count == requested.count }

    public subscript(name: String) -> Tensor? { tensors[name] }
}
