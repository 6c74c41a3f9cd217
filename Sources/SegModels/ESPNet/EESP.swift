import Torch
import TorchNN

/// ESPNetv2's unit (Mehta et al. 2019, section 3.2): reduce by a grouped 1×1 convolution, transform by depth-wise 3×3
/// convolutions of growing dilation whose results are summed hierarchically, merge by a grouped 1×1 convolution.
final class EESP: Module {
    static let branches = 4

    let projection: Sequential
    let branches: [Sequential]
    let normAfterCat: Sequential
    let expansion: Sequential
    let activation: PReLU?
    /// The slopes that the published files hold for a unit that halves the map, and that nothing is computed from.
    let unusedSlopes: Buffer?

    override class var keys: [String: String] {
        [
            "projection": "proj_1x1", "branches": "spp_dw", "normAfterCat": "br_after_cat", "expansion": "conv_1x1_exp",
            "activation": "module_act", "unusedSlopes": "module_act.weight",
        ]
    }

    /// - Parameter reach: the largest receptive field of a branch; one that would pass it is not dilated.
    init(_ inChannels: Int, _ outChannels: Int, reach: Int, stride: Int = 1) {
        let width = outChannels / Self.branches
        let dilations = (1...Self.branches).map { 2 * $0 + 1 <= reach ? $0 : 1 }.sorted()
        projection = convNormAct(inChannels, width, groups: Self.branches)
        branches = dilations.map { Sequential(named: [("conv", DepthwiseConv(width, stride: stride, dilation: $0))]) }
        normAfterCat = normAct(outChannels)
        expansion = convNormAct(outChannels, outChannels, groups: Self.branches, activates: false)
        activation = stride == 1 ? PReLU(outChannels) : nil
        unusedSlopes = stride == 1 ? nil : Buffer(wrappedValue: .full([outChannels], 0.25))
    }

    /// With stride 2 the result is neither added to the input nor activated: ``Downsampler`` does so.
    func callAsFunction(_ x: Tensor) -> Tensor {
        let reduced = projection(x)
        var fused: [Tensor] = []
        for branch in branches {
            let transformed = branch(reduced)
            fused.append(fused.last.map { transformed.add_($0) } ?? transformed)
        }
        let expanded = expansion(normAfterCat(.concatenate(fused, 1)))
        guard let activation else { return expanded }
        return activation(expanded.shape == x.shape ? expanded.add_(x) : expanded)
    }
}

/// Halves the map (section 3.3): its mean beside a strided ``EESP``, reinforced by the image pooled to the same size.
final class Downsampler: Module {
    let eesp: EESP
    let reinforcement: Sequential
    let act: PReLU

    override class var keys: [String: String] { ["reinforcement": "inp_reinf"] }

    init(_ inChannels: Int, _ outChannels: Int, reach: Int) {
        eesp = EESP(inChannels, outChannels - inChannels, reach: reach, stride: 2)
        reinforcement = Sequential(convNormAct(3, 3, kernel: 3), convNormAct(3, outChannels, activates: false))
        act = PReLU(outChannels)
    }

    /// - Parameter image: pooled to the size of the result.
    func callAsFunction(_ x: Tensor, image: Tensor) -> Tensor {
        act(Tensor.concatenate([halved(x), eesp(x)], 1).add_(reinforcement(image)))
    }
}
