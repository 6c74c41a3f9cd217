import Torch
import TorchNN

/// The dense prediction transformer's neck as Mask2Former's pixel decoder on a plain vision transformer, as SSKD's student has it: the
/// queries read the three maps fused first, and the finest one gives the masks.
package final class DPTPixelDecoder: Module, PixelDecoder {
    /// The blocks of the transformer that it reads.
    package let blocks: [Int]
    private let width: Int
    private let reassemble: [Reassembly]
    private let convs: [Conv2d]
    private let projections: [Conv2d]
    private let fusions: [Fusion]
    package var memoryChannels: Int { width }
    package var maskChannels: Int { width }

    /// - Parameters:
    ///   - inChannels: the transformer's width.
    ///   - blocks: four, from shallow to deep.
    ///   - widths: channels of the reassembled maps, which are 4, 2, 1 and ½ times as large as the grid of patches.
    ///   - width: of the fused maps.
    package init(_ inChannels: Int, blocks: [Int], widths: [Int], width: Int = 256) {
        self.blocks = blocks
        self.width = width
        reassemble = zip(widths, [4, 2, 1, 0.5]).map { Reassembly(inChannels, $0, factor: $1) }
        convs = widths.map { Conv2d($0, width, kernel: 3, padding: 1, bias: false) }
        projections = widths.map { _ in Conv2d(width, width, kernel: 1) }
        fusions = widths.indices.map { Fusion(width, isFirst: $0 == 0, hasNorm: true, hasBias: false) }
    }

    package func featureStride(_ strides: [Int]) -> Int { max(1, strides[3] / 8) }

    package func stages(of backbone: Backbone, _ image: Tensor, taps: inout Taps) -> [Tensor] {
        guard let transformer = backbone as? any TokenBackbone else { preconditionFailure("DPT stands on a plain vision transformer") }
        return transformer.maps(image, blocks: blocks, normed: false, taps: &taps)
    }

    package func callAsFunction(_ stages: [Tensor]) -> PixelFeatures {
        let maps = stages.indices.map { level -> Tensor in
            let (height, width) = (stages[level].size(2), stages[level].size(3))
            return projections[level](convs[level](reassemble[level](stages[level].flatten(2).transpose(1, 2), height, width)))
        }
        var fused: [Tensor] = []
        for (order, level) in maps.indices.reversed().enumerated() {
            let size = level > 0 ? Array(maps[level - 1].shape.suffix(2)) : nil
            fused.append(fusions[order](maps[level], fused.last, size: size))
        }
        let memory = fused.prefix(3).map { TokenMap(tokens_BNC: $0.flatten(2).transpose(1, 2), height: $0.size(2), width: $0.size(3)) }
        return PixelFeatures(features: fused[3], memory: memory)
    }
}
