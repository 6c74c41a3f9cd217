import Torch
import TorchNN

/// HRNet (Wang et al. 2020, "Deep high-resolution representation learning for visual recognition"), with the names of its authors and timm.
///
/// Branches of strides 4, 8, 16 and 32 run side by side; a branch joins at each level, and after each module every branch gets the sum of all.
/// The four maps are the branches after the last level: they come all at once. As in the authors' classifiers, smaller maps are
/// enlarged by the nearest neighbour.
public final class HRNet: Backbone {
    /// What the sizes vary.
    struct Configuration: Sendable {
        /// Channels of the branch of stride 4; each further branch has twice as many.
        var width: Int
        /// Residual blocks of the first level, and of each branch in each module.
        var blocks: Int
        /// Modules of levels 2, 3 and 4.
        var modules: [Int]
    }

    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let layer1: Sequential
    let transition1: Transition
    let stage2: [FusionModule]
    let transition2: Transition
    let stage3: [FusionModule]
    let transition3: Transition
    let stage4: [FusionModule]
    let increModules: [Sequential]
    let downsampModules: [Sequential]
    let finalLayer: Sequential?
    let classifier: Linear?

    init(_ configuration: Configuration, classes: Int? = nil) {
        let channels = (0..<4).map { configuration.width << $0 }
        func stage(_ count: Int, _ branches: Int) -> [FusionModule] {
            (0..<count).map { _ in FusionModule(Array(channels[..<branches]), blocks: configuration.blocks) }
        }
        conv1 = Conv2d(3, 64, kernel: 3, stride: 2, padding: 1, bias: false)
        bn1 = BatchNorm2d(64)
        conv2 = Conv2d(64, 64, kernel: 3, stride: 2, padding: 1, bias: false)
        bn2 = BatchNorm2d(64)
        layer1 = blocks(64, 256, configuration.blocks, hasBottlenecks: true)
        transition1 = Transition([256], Array(channels[..<2]))
        stage2 = stage(configuration.modules[0], 2)
        transition2 = Transition(Array(channels[..<2]), Array(channels[..<3]))
        stage3 = stage(configuration.modules[1], 3)
        transition3 = Transition(Array(channels[..<3]), channels)
        stage4 = stage(configuration.modules[2], 4)
        let wide = classes == nil ? [] : [128, 256, 512, 1024]
        increModules = zip(channels, wide).map { blocks($0, $1, 1, hasBottlenecks: true) }
        downsampModules = zip(wide, wide.dropFirst()).map { convNormReLU($0, $1, stride: 2) }
        finalLayer = classes.map { _ in Sequential(Conv2d(1024, 2048, kernel: 1), BatchNorm2d(2048), InPlaceReLU()) }
        classifier = classes.map { Linear(2048, $0) }
        super.init(channels: channels, classes: classes)
        for case (_, let conv as Conv2d) in namedModules() { Initializer.kaimingNormal(conv.weight, fan: .out) }
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        let x = F.relu_(bn2(conv2(F.relu_(bn1(conv1(image))))))
        var maps = transition1([layer1(x)])
        maps = stage2.reduce(maps) { $1($0) }
        maps = stage3.reduce(transition2(maps)) { $1($0) }
        maps = stage4.reduce(transition3(maps)) { $1($0) }
        for (index, map) in maps.enumerated() { taps.record("stage\(index + 1)", map) }
        return maps
    }

    /// The classifier reads all four maps: from the largest down, each widened and added to the one before at half its size.
    @discardableResult
    public override func forward(_ image: Tensor, taps: inout Taps) -> Tensor? {
        let maps = stages(image, taps: &taps)
        guard !taps.isComplete, let finalLayer, let classifier else { return nil }
        var y = increModules[0](maps[0])
        for index in 1..<4 { y = increModules[index](maps[index]) + downsampModules[index - 1](y) }
        let logits = classifier(finalLayer(y).mean([2, 3]))
        taps.record("logits", logits)
        return logits
    }

    public override var classifierTensors: [String] { ["incre_modules.*", "downsamp_modules.*", "final_layer.*", "classifier.*"] }

    /// mmsegmentation and the authors' segmentation code have these names too, but enlarge bilinearly: another network.
    public override var keyMaps: [KeyMap] {
        [
            KeyMap(
                "timm's and the authors' HRNet for classification", .timm,
                recognizedBy: ["transition1.0.0.weight"], isBackbone: true)
        ]
    }
}

extension ResidualBlock: Layer {}

/// Residual blocks one after the other, the first with a projection where the channels change.
private func blocks(_ inChannels: Int, _ outChannels: Int, _ count: Int, hasBottlenecks: Bool) -> Sequential {
    var configuration = ResNet.Configuration()
    configuration.hasBottlenecks = hasBottlenecks
    return Sequential(
        (0..<count).map { ResidualBlock($0 == 0 ? inChannels : outChannels, outChannels, configuration, stride: 1, dilation: 1) })
}

/// A 3×3 convolution with bias.
private func convNormReLU(_ inChannels: Int, _ outChannels: Int, stride: Int) -> Sequential {
    Sequential(Conv2d(inChannels, outChannels, kernel: 3, stride: stride, padding: 1), BatchNorm2d(outChannels), InPlaceReLU())
}

/// From the branches of a level to those of the next: other channels where they differ, and a new branch from the smallest map.
final class Transition: Module {
    /// Nil where a branch goes on as it is.
    let layers: [Sequential?]

    init(_ before: [Int], _ after: [Int]) {
        layers = after.enumerated().map { index, channels in
            if index >= before.count {
                return Sequential(Sequential(SegModels.convNormReLU(before.last!, channels, kernel: 3, stride: 2)))
            }
            return before[index] == channels ? nil : Sequential(SegModels.convNormReLU(before[index], channels, kernel: 3))
        }
    }

    override var members: [(key: String, member: Member)] {
        layers.enumerated().compactMap { index, layer in layer.map { ("\(index)", .module($0)) } }
    }

    func callAsFunction(_ maps: [Tensor]) -> [Tensor] {
        layers.enumerated().map { index, layer in layer.map { $0(maps.last!) } ?? maps[index] }
    }
}

/// Residual blocks on every branch, then to every branch the sum of all, brought to its size and channels.
final class FusionModule: Module {
    let branches: [Sequential]
    let fuseLayers: [FusedBranch]

    init(_ channels: [Int], blocks count: Int) {
        branches = channels.map { blocks($0, $0, count, hasBottlenecks: false) }
        fuseLayers = channels.indices.map { FusedBranch($0, channels) }
    }

    override class var keys: [String: String] { ["fuseLayers": "fuse_layers"] }

    func callAsFunction(_ maps: [Tensor]) -> [Tensor] {
        let maps = zip(branches, maps).map { $0($1) }
        return fuseLayers.map { $0(maps) }
    }
}

/// What one branch gets: its own map, larger ones by convolutions of stride 2, smaller ones enlarged after a 1×1 convolution.
final class FusedBranch: Module {
    private let place: Int
    /// By branch; nil for its own.
    let layers: [Sequential?]

    init(_ place: Int, _ channels: [Int]) {
        self.place = place
        layers = channels.indices.map { other in
            let (from, to) = (channels[other], channels[place])
            if other == place { return nil }
            if other > place { return Sequential(Conv2d(from, to, kernel: 1, bias: false), BatchNorm2d(to)) }
            // All but the last keep their channels and have a ReLU.
            return Sequential(
                (other + 1...place).map { step in
                    let layers = SegModels.convNormReLU(from, step == place ? to : from, kernel: 3, stride: 2)
                    return Sequential(step == place ? Array(layers.dropLast()) : layers)
                })
        }
    }

    override var members: [(key: String, member: Member)] {
        layers.enumerated().compactMap { index, layer in layer.map { ("\(index)", .module($0)) } }
    }

    func callAsFunction(_ maps: [Tensor]) -> Tensor {
        let own = maps[place]
        // In place, in a sum that starts with a new tensor: the maps are read by other branches too.
        let first = place == 0 ? 1 : 0
        let sum = term(first, maps)
        if place == 0 { sum.add_(own) }
        for other in maps.indices where other > first { sum.add_(other == place ? own : term(other, maps)) }
        return F.relu_(sum)
    }

    private func term(_ other: Int, _ maps: [Tensor]) -> Tensor {
        let x = layers[other]!(maps[other])
        return other > place ? F.nearest(x, [maps[place].size(2), maps[place].size(3)]) : x
    }
}

extension BackboneKind {
    static let hrNets = [
        hrNet("hrnet-w18", ["hrnet_w18", "hrnet_w18.ms_in1k", "hrnet_w18.ms_aug_in1k"], .init(width: 18, blocks: 4, modules: [1, 4, 3])),
        hrNet("hrnet-w18-small", ["hrnet_w18_small_v2", "hrnet_w18_small_v2.ms_in1k"], .init(width: 18, blocks: 2, modules: [1, 3, 2])),
        hrNet("hrnet-w48", ["hrnet_w48", "hrnet_w48.ms_in1k"], .init(width: 48, blocks: 4, modules: [1, 4, 3])),
    ]

    private static func hrNet(_ name: String, _ timm: [String], _ configuration: HRNet.Configuration) -> BackboneKind {
        BackboneKind(
            name, aliases: timm.map { "timm:\($0)" }, license: "MIT", source: "Wang et al. 2020, HRNet-Image-Classification",
            repository: "timm/\(timm[1])"
        ) { HRNet(configuration, classes: $0.classes) }
    }
}
