import Torch

extension MobileNet {
    var maps: [KeyMap] {
        [
            KeyMap("timm's MobileNet", .timm, recognizedBy: ["conv_stem.weight"], butNot: ["blocks.0.0.attn.*"], isBackbone: true),
            torchvision("features."), torchvision(""), port, transformers, mmseg,
        ]
    }

    /// Every block with the place of its names, in a row.
    private var row: [(place: String, shape: InvertedResidual.Shape)] {
        configuration.levels.enumerated().flatMap { level, shapes in
            shapes.enumerated().map { ("blocks.\(level).\($0)", $1) }
        }
    }

    /// The names here of a block's layers.
    private static func names(_ shape: InvertedResidual.Shape) -> (widen: [String], filter: [String], narrow: [String]) {
        if shape.inner == nil { return ([], [], ["conv", "bn1"]) }
        return shape.widens
            ? (["conv_pw", "bn1"], ["conv_dw", "bn2"], ["conv_pwl", "bn3"]) : ([], ["conv_dw", "bn1"], ["conv_pw", "bn2"])
    }

    private static func renames(_ theirs: [String], _ ours: [String]) -> [KeyMap.Rule] {
        zip(theirs, ours).map { .rename("\($0).*", to: "\($1).*") }
    }

    /// torchvision numbers all layers of a block, and all blocks; its segmentation networks have these alone, without `features.`
    private func torchvision(_ place: String) -> KeyMap {
        let blocks = row.enumerated().flatMap { index, block -> [KeyMap.Rule] in
            let theirs = "\(place)\(index + 1)"
            let (widen, filter, narrow) = Self.names(block.shape)
            func ours(_ names: [String]) -> [String] { names.map { "\(block.place).\($0)" } }
            if block.shape.inner == nil { return Self.renames(["\(theirs).0", "\(theirs).1"], ours(narrow)) }
            let inner = configuration.poolsFirst ? "\(theirs).block" : "\(theirs).conv"
            let first = widen.isEmpty ? 0 : 1
            let next = first + (block.shape.squeezed == nil ? 1 : 2)
            let last =
                configuration.poolsFirst ? ["\(inner).\(next).0", "\(inner).\(next).1"] : ["\(inner).\(next)", "\(inner).\(next + 1)"]
            return Self.renames(["\(inner).0.0", "\(inner).0.1"], ours(widen))
                + Self.renames(["\(inner).\(first).0", "\(inner).\(first).1"], ours(filter))
                + Self.renames(
                    ["\(inner).\(first + 1).fc1", "\(inner).\(first + 1).fc2"],
                    block.shape.squeezed == nil ? [] : ours(["se.conv_reduce", "se.conv_expand"]))
                + Self.renames(last, ours(narrow))
        }
        let head: [KeyMap.Rule] =
            configuration.poolsFirst
            ? [
                .convert("classifier.0.weight", to: "conv_head.weight", load: { $0.unsqueeze(2).unsqueeze(3) }, save: { $0.flatten(1) }),
                .rename("classifier.0.bias", to: "conv_head.bias"), .rename("classifier.3.*", to: "classifier.*"),
            ]
            : Self.renames(
                ["\(place)\(row.count + 1).0", "\(place)\(row.count + 1).1", "classifier.1"], ["conv_head", "bn2", "classifier"])
        return KeyMap(
            "torchvision's MobileNet", .torchvision, recognizedBy: ["\(place)0.0.weight"],
            rules: Self.renames(["\(place)0.0", "\(place)0.1"], ["conv_stem", "bn1"]) + blocks + head, isBackbone: true)
    }

    /// mmsegmentation's MobileNetV3.
    private var mmseg: KeyMap {
        let blocks = row.enumerated().flatMap { index, block -> [KeyMap.Rule] in
            let (widen, filter, narrow) = Self.names(block.shape)
            let theirs = "layer\(index + 1)"
            let ours = (widen + filter + narrow).map { "\(block.place).\($0)" }
            guard block.shape.inner != nil else { return Self.renames(["\(theirs).conv", "\(theirs).bn"], ours) }
            let names = (widen.isEmpty ? [] : ["expand_conv"]) + ["depthwise_conv", "linear_conv"]
            return Self.renames(names.flatMap { ["\(theirs).\($0).conv", "\(theirs).\($0).bn"] }, ours)
                + Self.renames(
                    ["\(theirs).se.conv1.conv", "\(theirs).se.conv2.conv"],
                    ["\(block.place).se.conv_reduce", "\(block.place).se.conv_expand"])
        }
        return KeyMap(
            "mmsegmentation's MobileNetV3", .mmseg, recognizedBy: ["layer0.conv.weight"],
            rules: Self.renames(["layer0.conv", "layer0.bn"], ["conv_stem", "bn1"]) + blocks, isBackbone: true)
    }

    /// EfficientNet-Lite's port to PyTorch.
    private var port: KeyMap {
        let blocks = row.enumerated().flatMap { index, block -> [KeyMap.Rule] in
            let (widen, filter, narrow) = Self.names(block.shape)
            let theirs = (widen.isEmpty ? [] : ["_expand_conv", "_bn0"]) + ["_depthwise_conv", "_bn1", "_project_conv", "_bn2"]
            return Self.renames(theirs.map { "_blocks.\(index).\($0)" }, (widen + filter + narrow).map { "\(block.place).\($0)" })
        }
        let rest = Self.renames(
            ["_conv_stem", "_bn0", "_conv_head", "_bn1", "_fc"], ["conv_stem", "bn1", "conv_head", "bn2", "classifier"])
        return KeyMap("EfficientNet-Lite", .official, recognizedBy: ["_conv_stem.weight"], rules: blocks + rest, isBackbone: true)
    }

    /// transformers' MobileNetV2, whose stem holds the first block.
    private var transformers: KeyMap {
        let places = classifier == nil ? ["", "mobilenet_v2."] : ["mobilenet_v2.", ""]
        let rules = places.flatMap { place -> [KeyMap.Rule] in
            func layers(_ theirs: [String], _ ours: [String]) -> [KeyMap.Rule] {
                Self.renames(theirs.flatMap { ["\(place)\($0).convolution", "\(place)\($0).normalization"] }, ours)
            }
            let blocks = row.enumerated().flatMap { index, block -> [KeyMap.Rule] in
                let theirs = index == 0 ? "conv_stem" : "layer.\(index - 1)"
                let (widen, filter, narrow) = Self.names(block.shape)
                let names = (widen.isEmpty ? [] : ["expand_1x1"]) + ["conv_3x3", "reduce_1x1"]
                return layers(names.map { "\(theirs).\($0)" }, (widen + filter + narrow).map { "\(block.place).\($0)" })
            }
            return layers(["conv_stem.first_conv"], ["conv_stem", "bn1"]) + blocks + layers(["conv_1x1"], ["conv_head", "bn2"])
        }
        return KeyMap(
            "transformers' MobileNetV2", .transformers,
            recognizedBy: ["mobilenet_v2.", ""].map { "\($0)conv_stem.first_conv.convolution.weight" }, rules: rules, isBackbone: true)
    }
}
