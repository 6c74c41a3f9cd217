import Torch
import TorchNN

/// High-resolution networks (Wang et al., PAMI 2020), with the authors' names: branches at strides 4, 8, 16 and 32 run side by side and are
/// fused again and again.
///
/// `stage1` … `stage4` are the four branches after the last fusion. The networks that the authors trained to classify, and timm's, enlarge
/// maps by their nearest pixels; those that they, and mmsegmentation, trained to segment do so bilinearly.
public final class HRNet: Backbone {
    package struct Configuration: Sendable {
        /// Blocks and inner channels of the first level.
        package var stem = (blocks: 4, width: 64)
        /// Channels of the branches.
        package var widths = [18, 36, 72, 144]
        /// Modules of the three levels that have two, three and four branches.
        package var modules = [1, 4, 3]
        /// Blocks of a branch in a module.
        package var blocks = 4
        /// Whether smaller maps are enlarged bilinearly before they are added; by their nearest pixels else.
        package var isBilinear = true
        /// Whether the maps go through the classifier's first blocks, to 128, 256, 512 and 1024 channels: timm's features.
        package var widensMaps = false

        package init() {}

        /// The authors' networks: W18, W32, W48, …
        package init(width: Int) { widths = [1, 2, 4, 8].map { $0 * width } }
    }

    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let layer1: [ResidualBlock]
    let transition1: Transition
    let stage2: [FusionModule]
    let transition2: Transition
    let stage3: [FusionModule]
    let transition3: Transition
    let stage4: [FusionModule]
    let increModules: [[ResidualBlock]]
    let downsampModules: [Sequential]
    let finalLayer: Sequential?
    let classifier: Linear?
    private let widensMaps: Bool

    package init(_ shape: Configuration, classes: Int? = nil) {
        conv1 = Conv2d(3, 64, kernel: 3, stride: 2, padding: 1, bias: false)
        bn1 = BatchNorm2d(64)
        conv2 = Conv2d(64, 64, kernel: 3, stride: 2, padding: 1, bias: false)
        bn2 = BatchNorm2d(64)
        let first = shape.stem.width * 4
        layer1 = residualBlocks(64, first, count: shape.stem.blocks, hasBottlenecks: true)
        func level(_ branches: Int) -> [FusionModule] {
            (0..<shape.modules[branches - 2]).map { _ in
                FusionModule(Array(shape.widths[..<branches]), blocks: shape.blocks, isBilinear: shape.isBilinear)
            }
        }
        transition1 = Transition([first], Array(shape.widths[..<2]))
        stage2 = level(2)
        transition2 = Transition(Array(shape.widths[..<2]), Array(shape.widths[..<3]))
        stage3 = level(3)
        transition3 = Transition(Array(shape.widths[..<3]), shape.widths)
        stage4 = level(4)
        let wide = [128, 256, 512, 1024]
        widensMaps = shape.widensMaps
        increModules =
            classes == nil && !widensMaps
            ? [] : zip(shape.widths, wide).map { residualBlocks($0, $1, count: 1, hasBottlenecks: true) }
        downsampModules = classes == nil ? [] : (1..<4).map { convNorm(wide[$0 - 1], wide[$0], kernel: 3, stride: 2, bias: true) }
        finalLayer = classes.map { _ in convNorm(1024, 2048, kernel: 1, bias: true) }
        classifier = classes.map { Linear(2048, $0) }
        super.init(channels: widensMaps ? wide : shape.widths, classes: classes)
        for case (_, let conv as Conv2d) in namedModules() { Initializer.kaimingNormal(conv.weight, fan: .out) }
    }

    public override var members: [(key: String, member: Member)] {
        super.members
            + increModules.enumerated().flatMap { place, blocks in
                blocks.enumerated().map { ("incre_modules.\(place).\($0)", .module($1)) }
            }
    }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        let x = F.relu_(bn2(conv2(F.relu_(bn1(conv1(image))))))
        var maps = [layer1.reduce(x) { $1($0) }]
        for (transition, modules) in [(transition1, stage2), (transition2, stage3), (transition3, stage4.dropLast())] {
            maps = modules.reduce(transition(maps)) { $1($0) }
        }
        // The last fusion makes the maps one by one: some may not be needed.
        let last = stage4.last!
        let branches = last.branches(maps)
        var stages: [Tensor] = []
        for index in 0..<4 where !taps.isComplete {
            let fused = last.fused(branches, index)
            stages.append(widensMaps ? increModules[index].reduce(fused) { $1($0) } : fused)
            taps.record("stage\(index + 1)", stages[index])
        }
        return stages
    }

    public override func forward(_ image: Tensor, taps: inout Taps) -> Tensor? {
        let maps = stages(image, taps: &taps)
        guard !taps.isComplete, let logits = classify(maps) else { return nil }
        taps.record("logits", logits)
        return logits
    }

    /// Unlike other classifiers this one reads all maps.
    private func classify(_ maps: [Tensor]) -> Tensor? {
        guard let finalLayer, let classifier else { return nil }
        let wide = widensMaps ? maps : zip(maps, increModules).map { map, blocks in blocks.reduce(map) { $1($0) } }
        let joined = (1..<4).reduce(wide[0]) { wide[$1] + downsampModules[$1 - 1]($0) }
        return classifier(finalLayer(joined).mean([2, 3]))
    }

    public override var classifierTensors: [String] {
        (widensMaps ? [] : ["incre_modules.*"]) + ["downsamp_modules.*", "final_layer.*", "classifier.*"]
    }
    public override var keyMaps: [KeyMap] {
        [("HRNet's authors", KeyMap.Origin.official), ("mmsegmentation's HRNet", .mmseg)].map {
            KeyMap($0, $1, recognizedBy: ["transition1.1.0.0.weight"], isBackbone: true)
        }
    }
}

extension BackboneKind {
    static let hrNets: [BackboneKind] = {
        var first = HRNet.Configuration(width: 16)
        (first.stem, first.modules, first.blocks) = ((1, 32), [1, 1, 1], 2)
        // mmsegmentation's `hr18s`.
        var small = HRNet.Configuration(width: 18)
        (small.stem, small.modules, small.blocks) = ((2, 64), [1, 3, 2], 2)
        let published = [18, 32, 48].map { hrNet("w\($0)", timm: "hrnet_w\($0)", .init(width: $0)) }
        return published + [
            hrNet("w18-small", timm: "hrnet_w18_small_v2", small), hrNet("w18-small-v1", timm: "hrnet_w18_small", first),
        ]
    }()

    /// timm's networks and all that classify enlarge by nearest pixels; timm's features are the widened maps.
    private static func hrNet(_ name: String, timm: String, _ configuration: HRNet.Configuration) -> BackboneKind {
        BackboneKind(
            "hrnet-\(name)",
            aliases: ["timm:\(timm)", "timm:\(timm).ms_in1k"] + (name == "w18" ? ["timm:\(timm).ms_aug_in1k"] : []), license: "MIT",
            source: "Wang et al. 2020, Microsoft", repository: "timm/\(timm).ms_in1k"
        ) { options in
            var shape = configuration
            shape.widensMaps = options.library == "timm"
            shape.isBilinear = options.library == nil && options.classes == nil
            return HRNet(shape, classes: options.classes)
        }
    }
}
