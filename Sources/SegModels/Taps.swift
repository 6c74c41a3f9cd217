import Torch

/// Intermediate tensors of one forward pass, by name: only those that somebody asked for are kept, so that the memory of
/// a frozen network stays what its largest layer needs.
///
/// Names are those of `segdistill parity`: `stage1` … `stage4` (the last map of a backbone at strides 4, 8, 16, 32, or at
/// the strides that dilation leaves), `features` (what the classifier sees, before dropout) and `logits`.
public struct Taps {
    public let requested: Set<String>
    public private(set) var tensors: [String: Tensor] = [:]

    /// Keeps nothing.
    public init() { requested = [] }

    public init(_ requested: some Sequence<String>) { self.requested = Set(requested) }

    /// Keeps `tensor` if it was asked for.
    public mutating func record(_ name: String, _ tensor: Tensor) {
        if requested.contains(name) { tensors[name] = tensor }
    }

    public subscript(name: String) -> Tensor? { tensors[name] }
}
