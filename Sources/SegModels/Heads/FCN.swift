import Torch
import TorchNN

/// Convolutions and the classifier (Long et al. 2015).
///
/// With one convolution of one map this is torchvision's `FCNHead`, under its names, and the usual auxiliary head; else it is
/// mmsegmentation's `FCNHead`. Of several maps it is the head that HRNet was published with.
package final class FCN: Module, SegmentationHead {
    let convs: [ConvModule]
    let convCat: ConvModule?
    private let classifier: Conv2d
    private let dropout: Dropout
    private let stages: [Int]
    package let featureChannels: Int
    package var resolutionStage: Int { stages[0] }
    package var classifierTensors: [String] { [isTorchvisions ? "4.*" : "conv_seg.*"] }

    /// - Parameters:
    ///   - stage: which of the backbone's maps it reads, 0…3.
    ///   - convs: how many convolutions.
    ///   - concatenates: whether the map itself joins their result, through one convolution more.
    package convenience init(
        _ inChannels: Int, classes: Int, width: Int? = nil, stage: Int = 3, convs: Int = 1, concatenates: Bool = false
    ) {
        self.init([inChannels], classes: classes, width: width ?? inChannels / 4, stages: [stage], convs: convs, concatenates: concatenates)
    }

    /// - Parameters:
    ///   - stages: the maps that it reads; all are resized to the first one's size and joined.
    ///   - kernel: of the convolutions, odd.
    package init(
        _ channels: [Int], classes: Int, width: Int, stages: [Int], convs count: Int = 1, kernel: Int = 3, concatenates: Bool = false
    ) {
        self.stages = stages
        featureChannels = width
        let inChannels = channels.reduce(0, +)
        convs = (0..<count).map { ConvModule($0 == 0 ? inChannels : width, width, kernel: kernel) }
        convCat = concatenates ? ConvModule(inChannels + width, width, kernel: kernel) : nil
        classifier = Conv2d(width, classes, kernel: 1)
        dropout = Dropout(0.1)
    }

    private var isTorchvisions: Bool { convs.count == 1 && convCat == nil && stages.count == 1 }

    package override var members: [(key: String, member: Member)] {
        if isTorchvisions {
            return [("0", .module(convs[0].conv)), ("1", .module(convs[0].bn)), ("3", .module(dropout)), ("4", .module(classifier))]
        }
        let joint = convCat.map { [("conv_cat", Member.module($0))] } ?? []
        return convs.enumerated().map { ("convs.\($0)", .module($1)) } + joint + [
            ("dropout", .module(dropout)), ("conv_seg", .module(classifier)),
        ]
    }

    package func callAsFunction(_ maps: [Tensor]) -> (features: Tensor, logits: Tensor) {
        var features: Tensor
        if stages.count > 1, convs.count == 1, convCat == nil, convs[0].conv.padding == [0, 0] {
            let weights = convs[0].conv.weight.flatten(1).split(stages.map { maps[$0].size(1) }, 1)
            features = F.relu_(convs[0].bn(convolvedAsJoined(stages.map { maps[$0] }, weights)))
        } else {
            let x = joined(stages.map { maps[$0] })
            features = convs.reduce(x) { $1($0) }
            if let convCat { features = convCat(.concatenate([x, features], 1)) }
        }
        return (features, classifier(dropout(features)))
    }

    package var keyMaps: [KeyMap] {
        [
            .mmseg(
                "mmsegmentation's FCN", recognizedBy: ["decode_head.convs.0.conv.weight"],
                rules: rules(of: .mmseg, from: "decode_head.", to: "classifier."))
        ]
    }

    /// How its names in files of `origin`, after `source`, become its own, after `target`.
    func rules(of origin: KeyMap.Origin, from source: String, to target: String) -> [KeyMap.Rule] {
        guard origin == .mmseg || origin == .transformers else { return [] }
        let isMMSeg = origin == .mmseg
        let (bn, last) = isMMSeg ? ("bn", "conv_seg") : ("batch_norm", "classifier")
        guard isTorchvisions else {
            let seg: KeyMap.Rule = .rename("\(source)\(last).*", to: "\(target)conv_seg.*")
            return isMMSeg ? [] : [seg, .rename("\(source)*.batch_norm.*", to: "\(target)*.bn.*")]
        }
        return [
            .rename("\(source)convs.0.conv.*", to: "\(target)0.*"), .rename("\(source)convs.0.\(bn).*", to: "\(target)1.*"),
            .rename("\(source)\(last).*", to: "\(target)4.*"),
        ]
    }
}

/// Resized to the first map's size and joined along the channels.
func joined(_ maps: [Tensor]) -> Tensor {
    guard maps.count > 1 else { return maps[0] }
    let size = Array(maps[0].shape.suffix(2))
    return .concatenate(maps.map { Array($0.shape.suffix(2)) == size ? $0 : F.bilinear($0, size) }, 1)
}

extension Sequential {
    /// Some of the layers, one after the other.
    func apply(_ range: Range<Int>, to x: Tensor) -> Tensor { layers[range].reduce(x) { $1($0) } }
}
