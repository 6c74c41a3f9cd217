import Support
import Torch
import TorchNN

/// A plain vision transformer with the options of its many forms: ViT, DeiT, DINO, DINOv2, DINOv3, the vision towers of CLIP and SigLIP,
/// EVA-02, MAE's encoder. Module names are timm's.
///
/// Taps: `block.<i>` B×N×C, all tokens after block i; `cls` B×C and `patches` B×(h·w)×C after the last norm; `stage1` … `stage4`: the
/// patches after four evenly spaced blocks as maps B×C×h×w, each through the last norm. Dropout is not among the options: none of the
/// published networks has it.
public final class VisionTransformer: Backbone, TokenBackbone {
    let clsToken: Tensor?
    let distToken: Tensor?
    let regToken: Tensor?
    private(set) var posEmbed: Tensor?
    let patchEmbed: PatchProjection
    let normPre: LayerNorm?
    let blocks: [VisionTransformerBlock]
    private(set) var norm: LayerNorm?
    private(set) var fcNorm: LayerNorm?
    let head: Linear?
    let headDist: Linear?

    public private(set) var configuration: Configuration
    private var angles: RotaryAngles?
    private var positions: (grid: [Int], table: Tensor)?

    /// - Parameter classes: outputs of an image classifier; nil: none.
    public init(_ configuration: Configuration, classes: Int? = nil) {
        let shape = configuration
        self.configuration = shape
        func token(_ count: Int) -> Tensor? { count > 0 ? Tensor.zeros([1, count, shape.width]) : nil }
        clsToken = token(shape.hasClassToken ? 1 : 0)
        distToken = token(shape.hasDistillationToken ? 1 : 0)
        regToken = token(shape.registers)
        let grid = shape.imageSize / shape.patch
        posEmbed = shape.positions.flatMap { token($0.prefix + grid * grid) }
        patchEmbed = PatchProjection(shape)
        normPre = shape.hasNormBefore ? LayerNorm(shape.width, eps: shape.eps) : nil
        let rates = DropPath.rates(upTo: shape.dropPath, count: shape.depth)
        blocks = rates.map { VisionTransformerBlock(shape, dropPath: $0) }
        norm = shape.hasFinalNorm ? LayerNorm(shape.width, eps: shape.eps) : nil
        fcNorm = shape.hasFinalNorm || classes == nil ? nil : LayerNorm(shape.width, eps: shape.eps)
        let pooled = shape.pooling == .classTokenAndMean ? 2 * shape.width : shape.width
        head = classes.map { Linear(pooled, $0) }
        headDist = shape.hasDistillationToken && shape.hasDistillationHead ? classes.map { Linear(pooled, $0) } : nil
        let names = (0..<4).map { "stage\($0 + 1)" } + (0..<shape.depth).map { "block.\($0)" } + ["patches"]
        var taps = names.map { (name: $0, channels: shape.width, stride: shape.patch) }
        if shape.hasClassToken { taps.append((name: "cls", channels: shape.width, stride: 0)) }
        if let classes { taps.append((name: "logits", channels: classes, stride: 0)) }
        let strides = Array(repeating: shape.patch, count: 4)
        super.init(channels: .init(repeating: shape.width, count: 4), strides: strides, classes: classes, taps: taps)
        for case (_, let linear as Linear) in namedModules() {
            Initializer.truncatedNormal(linear.weight, std: 0.02)
            if let bias = linear.bias { Initializer.constant(bias, 0) }
        }
        for token in [clsToken, distToken, regToken, posEmbed] {
            guard let token else { continue }
            Initializer.truncatedNormal(token, std: 0.02)
            token.requiresGrad = true
        }
    }

    // MARK: Tokens

    public var depth: Int { configuration.depth }
    public var patchSize: Int { configuration.patch }
    public override var patchTokens: (side: Int, channels: Int)? { (configuration.patch, configuration.width) }
    public var prefixTokens: Int { (clsToken == nil ? 0 : 1) + (distToken == nil ? 0 : 1) + configuration.registers }

    /// Refuses images that are no whole number of patches, and those that the positions do not reach.
    public override func checkSize(height: Int, width: Int) throws {
        let patch = configuration.patch
        guard height >= patch, width >= patch, height % patch == 0, width % patch == 0 else {
            throw UserError(
                "an image of \(height)×\(width) pixels is not made of whole patches of \(patch)×\(patch)",
                hint: "Use sides that are multiples of \(patch), such as \(near(height))×\(near(width)).")
        }
        guard let posEmbed, let positions = configuration.positions else { return }
        let count = posEmbed.size(1) - positions.prefix
        guard PositionTable.serves(count, height: height / patch, width: width / patch) else {
            throw UserError(
                "the network has positions for \(count) patches, which are not a square; the image has \(height / patch)×\(width / patch)",
                hint: "Use the size that the network was saved for.")
        }
    }

    private func near(_ side: Int) -> Int { max(1, Int((Double(side) / Double(configuration.patch)).rounded())) * configuration.patch }

    /// All tokens before the first block.
    private func embedded(_ image: Tensor, hiding hidden: HiddenPatches?) -> Tensor {
        let (height, width) = (image.size(2) / configuration.patch, image.size(3) / configuration.patch)
        let whole = patchEmbed(image).reshape(image.size(0), height * width, configuration.width)
        let patches = hidden?.replaced(in: whole) ?? whole
        var prefix = [clsToken, distToken].compactMap { $0?.to(patches.dtype) }
        var placed = patches
        if let shape = configuration.positions, let table = table(height, width)?.to(patches.dtype) {
            for index in 0..<shape.prefix { prefix[index] = prefix[index] + table[.all, index..<index + 1] }
            placed = patches.add_(shape.prefix == 0 ? table : table[.all, shape.prefix...])
        }
        if let regToken { prefix.append(regToken.to(patches.dtype)) }
        let all = prefix.map { $0.expand([image.size(0), $0.size(1), $0.size(2)]) } + [placed]
        let tokens = all.count == 1 ? placed : Tensor.concatenate(all, 1)
        return normPre.map { $0(tokens) } ?? tokens
    }

    /// Positions at this size: kept from one frozen pass to the next, computed anew where they are trained.
    private func table(_ height: Int, _ width: Int) -> Tensor? {
        guard let posEmbed, let shape = configuration.positions else { return nil }
        if isRecordingGradients && posEmbed.requiresGrad { return PositionTable.resized(posEmbed, shape, height: height, width: width) }
        let key = [height, width]
        if let positions, positions.grid == key, !isTraining, positions.table.device == posEmbed.device { return positions.table }
        let table = PositionTable.resized(posEmbed, shape, height: height, width: width)
        if !isTraining && !posEmbed.requiresGrad { positions = (key, table) }
        return table
    }

    private func angles(_ image: Tensor, _ tokens: Tensor) -> RotaryAngles? {
        guard let rotary = configuration.rotary else { return nil }
        let (height, width) = (image.size(2) / configuration.patch, image.size(3) / configuration.patch)
        if let angles, angles.fits(height: height, width: width, like: tokens) { return angles }
        let made = RotaryAngles(
            rotary, height: height, width: width, prefix: prefixTokens, channels: configuration.width / configuration.heads, like: tokens)
        angles = made
        return made
    }

    /// Runs the blocks one after the other, until `body` has seen enough.
    /// - Returns: the tokens after the last block that was run.
    private func run(_ image: Tensor, taps: inout Taps, _ body: (_ index: Int, Tensor, inout Taps) -> Bool) -> Tensor {
        var x = embedded(image, hiding: taps.hidden)
        let turn = angles(image, x)
        for (index, block) in blocks.enumerated() {
            x = block(x, angles: turn)
            taps.record("block.\(index)", x)
            if body(index, x, &taps) || taps.isComplete { break }
        }
        return x
    }

    package func tokens(_ image: Tensor, blocks wanted: [Int], normed: Bool, taps: inout Taps) -> [Tensor] {
        var found: [Int: Tensor] = [:]
        func visit(_ index: Int, _ x: Tensor) {
            if wanted.contains(index) { found[index] = normed ? normalized(x) : x }
        }
        if taps.requested.contains(where: { tapChannels[$0] != nil && $0 != "logits" && !$0.hasPrefix("block.") }) {
            // Maps and the last norm are wanted too: the whole pass.
            _ = pass(image, taps: &taps, wantsMaps: false, visit: visit)
        } else {
            let last = taps.requested.contains { $0.hasPrefix("block.") } ? depth - 1 : wanted.max() ?? 0
            _ = run(image, taps: &taps) { index, x, _ in
                visit(index, x)
                return index == last
            }
        }
        return wanted.compactMap { found[$0] }
    }

    private func normalized(_ x: Tensor) -> Tensor { norm.map { $0(x) } ?? x }

    // MARK: Maps and classes

    /// The blocks whose tokens are stages 1 to 4: after each quarter of the depth.
    private var stageBlocks: [Int] { (1...4).map { max(0, configuration.depth * $0 / 4 - 1) } }

    public override func stages(_ image: Tensor, taps: inout Taps) -> [Tensor] {
        var maps: [Tensor] = []
        _ = pass(image, taps: &taps, keep: { maps.append($0) })
        return maps
    }

    /// One pass with all taps; hands over the four maps.
    /// - Returns: all tokens after the last norm; nil when the taps were complete before.
    private func pass(
        _ image: Tensor, taps: inout Taps, wantsMaps: Bool = true, keep: (Tensor) -> Void = { _ in },
        visit: (_ block: Int, Tensor) -> Void = { _, _ in }
    ) -> Tensor? {
        let ends = stageBlocks
        let x = run(image, taps: &taps) { index, x, taps in
            visit(index, x)
            for stage in ends.indices.dropLast() where ends[stage] == index && (wantsMaps || taps.requested.contains("stage\(stage + 1)")) {
                let stageMap = map(of: normalized(x), image: image)
                taps.record("stage\(stage + 1)", stageMap)
                keep(stageMap)
            }
            return false
        }
        guard !taps.isComplete else { return nil }
        let tokens = normalized(x)
        let patches = prefixTokens == 0 ? tokens : tokens[.all, prefixTokens...]
        taps.record("patches", patches)
        if clsToken != nil { taps.record("cls", tokens[.all, 0]) }
        let last = map(of: tokens, image: image)
        taps.record("stage4", last)
        keep(last)
        return tokens
    }

    @discardableResult
    public override func forward(_ image: Tensor, taps: inout Taps) -> Tensor? {
        guard let tokens = pass(image, taps: &taps, wantsMaps: false), !taps.isComplete, let head else { return nil }
        let patches = tokens[.all, prefixTokens...]
        let pooled =
            switch configuration.pooling {
            case .classToken: tokens[.all, 0]
            case .classTokenAndMean: Tensor.concatenate([tokens[.all, 0], patches.mean([1])], -1)
            case .mean: patches.mean([1])
            }
        var logits = head(fcNorm.map { $0(pooled) } ?? pooled)
        if let headDist { logits = (logits + headDist(tokens[.all, 1])) / 2 }
        taps.record("logits", logits)
        return logits
    }

    public override var classifierTensors: [String] { ["head.*", "head_dist.*", "fc_norm.*"] }
    public override var keyMaps: [KeyMap] { fileMaps }

    // MARK: Files

    /// Takes over from a file how many positions there are, whether the class token is among them, and where the last norm stands.
    public override func adapt(to shapes: [String: [Int]]) {
        if let table = posEmbed, let shape = shapes["pos_embed"], shape.count == 3, shape[2] == table.size(2) {
            posEmbed = table.resized(to: shape)
            positions = nil
            let usual = configuration.positions?.prefix ?? 1
            let prefixes = [usual, 1, 0, 2].filter { $0 <= prefixTokens - configuration.registers }
            let prefix = prefixes.first { prefix in
                let side = Int(Double(shape[1] - prefix).squareRoot().rounded())
                return side * side == shape[1] - prefix
            }
            configuration.positions?.prefix = prefix ?? usual
        }
        if shapes["fc_norm.weight"] != nil, shapes["norm.weight"] == nil, norm != nil {
            (norm, fcNorm) = (nil, LayerNorm(configuration.width, eps: configuration.eps))
        }
    }

    public override var patchKernels: [String: Int] {
        configuration.resizesPatches ? ["patch_embed.proj.weight": configuration.patch] : [:]
    }

    /// Positions are resized as the file's authors do it; DPT's way is the network's own, whoever wrote the file.
    public override func adapt(to origin: KeyMap.Origin) {
        guard configuration.positions?.resizing != .bilinear else { return }
        switch origin {
        case .timm where configuration.family != .dino: configuration.positions?.resizing = .antialiased
        case .transformers where configuration.family == .dinov2Registers: configuration.positions?.resizing = .antialiased
        case .transformers, .torchvision: configuration.positions?.resizing = .bicubic
        case .official where configuration.layerScale != nil:
            let resizing: PositionResizing = configuration.registers > 0 ? .antialiased : .offset
            configuration.positions?.resizing = resizing
        default: break
        }
    }
}

extension PatchProjection {
    convenience init(_ shape: VisionTransformer.Configuration) {
        self.init(shape.width, kernel: shape.patch, bias: shape.hasPatchBias)
    }
}
