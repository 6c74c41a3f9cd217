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
    /// What the head is to do without; taps are recorded with all channels.
    let dropout: ChannelDropout?

    /// Keeps nothing.
    public init() { self.init([String]()) }

    /// - Parameter dropout: of the channels that the head reads; of a network that ``SegmentationModel/dropsChannels``.
    public init(_ requested: some Sequence<String>, dropping dropout: ChannelDropout? = nil) {
        self.requested = Set(requested)
        (isAll, hidden) = (false, nil)
        self.dropout = dropout
    }

    /// For a pass that is made for the taps alone.
    init(only requested: Set<String>, hiding hidden: HiddenPatches? = nil) {
        self.requested = requested
        (isAll, self.hidden, dropout) = (true, hidden, nil)
    }

    /// Keeps `tensor` if it was asked for.
    public mutating func record(_ name: String, _ tensor: @autoclosure () -> Tensor) {
        if requested.contains(name) { tensors[name] = tensor() }
    }

    /// Whether the pass may end here: nothing else is wanted of it, and all that was asked for has been recorded.
    public var isComplete: Bool { isAll && tensors.count == requested.count }

    /// What an encoder gives, as its head reads it.
    func read(_ maps: [Tensor]) -> [Tensor] { dropout.map { $0(maps) } ?? maps }

    public subscript(name: String) -> Tensor? { tensors[name] }
}
