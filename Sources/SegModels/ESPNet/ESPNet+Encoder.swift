import Torch
import TorchNN

/// ESPNet's unit (Mehta et al. 2018, section 3): reduce, transform by 3×3 convolutions of dilation 1, 2, 4, 8, 16 whose
/// results (but the first) are summed hierarchically, join.
final class ESPBlock: Module {
    static let eps = 1e-3
    private static let dilations = [1, 2, 4, 8, 16]

    let c1: Sequential
    let branches: [Sequential]
    /// Directly in this module where it halves the map, under `bn` where it does not: so the files have it.
    let norm: Sequential
    let isDownsampling: Bool
    let isResidual: Bool

    init(_ inChannels: Int, _ outChannels: Int, isDownsampling: Bool = false, isResidual: Bool = true) {
        let width = outChannels / 5
        let widths = [outChannels - 4 * width] + Array(repeating: width, count: 4)
        c1 = isDownsampling ? bareConv(inChannels, width, kernel: 3, stride: 2) : bareConv(inChannels, width)
        branches = zip(widths, Self.dilations).map { bareConv(width, $0, kernel: 3, dilation: $1) }
        norm = normAct(outChannels, eps: Self.eps)
        self.isDownsampling = isDownsampling
        self.isResidual = isResidual && !isDownsampling
    }

    override var members: [(key: String, member: Member)] {
        let convs = zip(Self.dilations, branches).map { ("d\($0)", Member.module($1)) }
        return [("c1", .module(c1))] + convs + [(isDownsampling ? "" : "bn", .module(norm))]
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let reduced = c1(x)
        var parts = [branches[0](reduced)]
        for (index, branch) in branches.dropFirst().enumerated() {
            let transformed = branch(reduced)
            parts.append(index == 0 ? transformed : transformed.add_(parts.last!))
        }
        let joined = Tensor.concatenate(parts, 1)
        return norm(isResidual ? joined.add_(x) : joined)
    }
}

/// ESPNet-C without its classifier: maps at strides 2, 4 and 8 of 19, 131 and 256 channels.
final class ESPNetEncoder: Module {
    let level1: Sequential
    let b1: Sequential
    let level2Down: ESPBlock
    let level2: [ESPBlock]
    let b2: Sequential
    let level3Down: ESPBlock
    let level3: [ESPBlock]
    let b3: Sequential
    let classifier: Sequential

    override class var keys: [String: String] { ["level2Down": "level2_0", "level3Down": "level3_0"] }

    /// - Parameters:
    ///   - p: blocks at stride 4.
    ///   - q: blocks at stride 8.
    init(classes: Int, p: Int, q: Int) {
        level1 = convNormAct(3, 16, kernel: 3, stride: 2, eps: ESPBlock.eps)
        b1 = normAct(19, eps: ESPBlock.eps)
        level2Down = ESPBlock(19, 64, isDownsampling: true)
        level2 = (0..<p).map { _ in ESPBlock(64, 64) }
        b2 = normAct(131, eps: ESPBlock.eps)
        level3Down = ESPBlock(131, 128, isDownsampling: true)
        level3 = (0..<q).map { _ in ESPBlock(128, 128) }
        b3 = normAct(256, eps: ESPBlock.eps)
        classifier = bareConv(256, classes)
    }

    /// The first level alone (16 channels) and the three maps, each joined with what the paper reinforces it by.
    func callAsFunction(_ image: Tensor) -> (first: Tensor, maps: [Tensor]) {
        let image2 = halved(image)
        let image4 = halved(image2)
        let first = level1(image)
        let map2 = b1(.concatenate([first, image2], 1))
        let down4 = level2Down(map2)
        let map4 = b2(.concatenate([level2.reduce(down4) { $1($0) }, down4, image4], 1))
        let down8 = level3Down(map4)
        let map8 = b3(.concatenate([down8, level3.reduce(down8) { $1($0) }], 1))
        return (first, [map2, map4, map8])
    }
}
