import Recipes
import Support
import Torch

/// `sskd-contrast` on given embeddings, for comparison with another implementation: what comes after the heads, at the end of training.
public enum ContrastLossParity {
    public static let schema = InstanceContrast.schema

    /// - Parameter inputs: `weak.embeddings` and `strong.embeddings`; `mask.logits` and `class.logits` as the sampler needs them;
    ///   `negatives` where they are not to be drawn.
    /// - Returns: `loss`, `weights` (P×P, P = B·h·w), and `grad.` of each input that is a float; float32.
    /// - Throws: `UserError` naming what is missing, left over or of another shape; `TorchError`.
    public static func run(_ recipe: MethodRecipe, inputs: [String: Tensor]) throws -> [(String, Tensor)] {
        let setup = MethodSetup(settings: recipe.settings, teacherChannels: [:], studentChannels: [:], classes: 0)
        var given = ParityInputs(inputs, of: schema.name)
        let weak = try given.take("weak.embeddings", [nil, nil, nil, nil])
        guard weak.count > 0 else { throw UserError("'weak.embeddings' of the shape \(weak.shape) has no values") }
        let strong = try given.take("strong.embeddings", weak.shape)
        let posterior = PixelPosterior(setup)
        let needed = posterior.kind.needs(from: [])
        var logits: [(name: String, role: String, tensor: Tensor)] = []
        if needed.contains("masks") || given.has("mask.logits") {
            logits.append(("mask.logits", "masks", try given.take("mask.logits", [weak.size(0), nil, nil, nil])))
        }
        if needed.contains("classes") || given.has("class.logits") {
            let queries = logits.first?.tensor.size(1)
            logits.append(("class.logits", "classes", try given.take("class.logits", [weak.size(0), queries, nil])))
        }
        let (batch, size) = (weak.size(0), Array(weak.shape.suffix(2)))
        let positions = size[0] * size[1]
        let negatives = try given.has("negatives") ? given.take("negatives", [batch * positions, nil]).long : nil
        try given.finish()
        let candidates = NegativeSampler.Candidates(rawValue: setup.text("candidates"))!
        if negatives == nil { try candidates.check(batch: batch) }
        return try withTorchErrors {
            if let negatives { try check(negatives, below: batch * positions) }
            let leaves = ([weak, strong] + logits.map(\.tensor)).map { $0.float.detach().clone() }
            for leaf in leaves { leaf.requiresGrad = true }
            let maps = Dictionary(uniqueKeysWithValues: zip(logits, leaves[2...]).map { ($0.role, $1) })
            let sampler = NegativeSampler(
                images: batch, positions: positions, posteriors: posterior(maps, size: size), candidates: candidates)
            let contrast = PixelContrast(
                sampler, count: setup.integer("negatives"), temperature: setup.number("temperature"), hasHinge: setup.flag("hinge"))
            func rows(_ map: Tensor) -> Tensor { map.flatten(2).transpose(1, 2).flatten(0, 1).normalized(1) }
            let loss = contrast(rows(leaves[0]), rows(leaves[1]), negatives: negatives) / Double(batch * positions)
            let found = zip(gradients(of: [loss], for: leaves, allowUnused: true), leaves).map { $0.isDefined ? $0 : $1.zerosLike() }
            let names = ["weak.embeddings", "strong.embeddings"] + logits.map(\.name)
            let outputs = [("loss", loss.detach()), ("weights", weights(sampler, like: leaves[0]))]
            return outputs + zip(names, found).map { ("grad.\($0)", $1) }
        }
    }

    /// P×P, with 0 outside of an image's columns.
    private static func weights(_ sampler: NegativeSampler, like embeddings: Tensor) -> Tensor {
        let all = sampler.images * sampler.positions
        let whole = Tensor.zeros([all, all], device: embeddings.device)
        withoutGradients {
            for image in 0..<sampler.images {
                let rows = sampler.rows(of: image)
                whole[rows, sampler.columns(of: image)] = sampler.weights(rows, of: image, like: embeddings)
            }
        }
        return whole
    }

    private static func check(_ negatives: Tensor, below positions: Int) throws {
        guard negatives.count > 0 else {
            throw UserError("'negatives' names none", hint: "Give every position one at least, or leave the tensor out to have them drawn.")
        }
        let (least, most) = (Int(negatives.amin().item()), Int(negatives.amax().item()))
        guard least < 0 || most >= positions else { return }
        throw UserError("'negatives' names position \(least < 0 ? least : most), but there are \(positions), from 0")
    }

    /// The tensors and settings, in words.
    public static var description: String {
        var inputs = TextTable("input", "shape", "what")
        for row in [
            ["weak.embeddings", "B×D×h×w", "float32. of the weak view, not yet of length 1: anchors and negatives."],
            ["strong.embeddings", "B×D×h×w", "float32. of the strong view: positives."],
            ["mask.logits", "B×Q×h×w", "float32. each query's mask; for sampler fusion, mask and class."],
            ["class.logits", "B×Q×(K+1)", "float32. each query's class; for sampler fusion and class."],
            ["negatives", "(B·h·w)×R", "int64. each position's negatives in the flattened grid. May be left out: then they are drawn."],
        ] { inputs.append(row) }
        var settings = TextTable("setting", "default", "what")
        for setting in schema.settings where !["startTemperature", "strongHead", "width", "maxPositions"].contains(setting.name) {
            settings.append([setting.name, setting.defaultValue.text, setting.doc])
        }
        return "\(schema.name): \(schema.doc)\n\n\(inputs.text)\n\n\(settings.text)\n\n"
            + "Outputs, float32: loss, weights ((B·h·w)×(B·h·w)), grad.weak.embeddings, grad.strong.embeddings; "
            + "grad.mask.logits and grad.class.logits are 0."
    }
}
