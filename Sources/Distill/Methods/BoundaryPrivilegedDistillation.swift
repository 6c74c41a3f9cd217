import Recipes
import Torch
import TorchNN

/// `bpkd`: class scores are distilled apart near the edges of objects, pixel by pixel, and in their bodies, as shapes.
///
/// M, B×K×h×w in [0, 1]: the share of the pixels below a position whose window of `width` holds class k and another labelled class;
/// Zₑ = M · Z and Z_b = (1 − M) · Z on both sides:
/// - edge = α · mean over the images of Σₖ (Σᵢ M·φ / max(1, Σᵢ M)), φ = T² · KL over the classes of softmax(Zₑ / T), teacher ‖ student;
/// - body = T² / (B·K) · Σ over images and classes of the KL over the positions of softmax(Z_b / T);
/// - L = `edgeWeight` · edge + `bodyWeight` · body.
///
/// Source: BPKD (Liu et al. 2024), reconstructed from re-implementations that quote its equations.
public final class BoundaryPrivilegedDistillation: Module, DistillationMethod {
    public static let schema = MethodSchema(
        "bpkd", doc: "Class scores near edges and in bodies, distilled apart (BPKD, Liu et al. 2024).",
        weight: 1, weightDoc: "Factor of the loss, beside edgeWeight and bodyWeight.",
        settings: [
            SettingSchema("temperature", .positive, default: .number(1), doc: "Softens all distributions. Not known of BPKD; 1 or 4."),
            SettingSchema("edgeWeight", .nonNegative, default: .number(50), doc: "Factor of the edge term. 50: BPKD."),
            SettingSchema("bodyWeight", .nonNegative, default: .number(20), doc: "Factor of the body term. 20: BPKD."),
            SettingSchema("alpha", .nonNegative, default: .number(2), doc: "Factor of every class in the edge term. 2: BPKD."),
            SettingSchema(
                "radius", .integer(minimum: 1), default: 3, doc: "Pixels of the image to each side of an edge: half a window of 7. 3: BPKD."
            ),
        ],
        taps: [TapSchema("logits", teacher: "logits", student: "logits", doc: "class scores.")], needsLabels: true)

    private let temperature: Double
    private let edgeWeight: Double
    private let bodyWeight: Double
    private let alpha: Double
    private let radius: Int
    private static let nowhere = -1e6

    public init(_ setup: MethodSetup) throws {
        temperature = setup.number("temperature")
        edgeWeight = setup.number("edgeWeight")
        bodyWeight = setup.number("bodyWeight")
        alpha = setup.number("alpha")
        radius = setup.integer("radius")
        try setup.checkClasses(of: "logits", "bpkd", remedy: "distil features with cwd")
    }

    public func peakMemory(_ shapes: MethodShapes) -> Int {
        // The edges and bodies; six logarithms, probabilities and differences; four gradients; the teacher's map resized if need be.
        let (student, teacher) = (shapes.student["logits"]!, shapes.teacher["logits"]!)
        return 4 * student.reduce(1, *) * (student == teacher ? 12 : 13)
    }

    public func loss(_ inputs: MethodInputs) -> MethodLoss {
        let student = inputs.student["logits"]!.fullPrecision
        let teacher = aligned(inputs.teacher["logits"]!, to: student)
        let edges = self.edges(inputs, on: student)
        let (batch, classes) = (student.size(0), student.size(1))

        let logP = logSoftmax(teacher * edges, 1)
        let gaps = (logP.exp() * (logP - logSoftmax(student * edges, 1))).sum(1, keepDimensions: true)
        let means = (gaps * edges).sum([2, 3]) / edges.sum([2, 3]).clamp(min: 1)
        let edge = means.sum() * (alpha * temperature * temperature / Double(batch))

        let bodies = 1 - edges
        func body(_ map: Tensor) -> Tensor {
            let body = inputs.ignored(on: student).map { (map * bodies).maskedFill($0, Self.nowhere) } ?? map * bodies
            return logSoftmax(body.flatten(2), 2)
        }
        let divergence = Divergence.kullbackLeibler(teacher: body(teacher), student: body(student))
        let bodyTerm = divergence * (temperature * temperature / Double(batch * classes))
        return MethodLoss(edge * edgeWeight + bodyTerm * bodyWeight, terms: [("edge", edge), ("body", bodyTerm)])
    }

    private func logSoftmax(_ map: Tensor, _ dimension: Int) -> Tensor { (map / temperature).logSoftmax(dimension) }

    /// M on the grid of `map`; 0 where the label is ignored. One class after the other: all of them at the labels' size would be as large as
    /// full-size scores.
    private func edges(_ inputs: MethodInputs, on map: Tensor) -> Tensor {
        guard let labels = inputs.labels?.unsqueeze(1) else { preconditionFailure("the method needs labels") }
        let size = Array(map.shape.suffix(2))
        return withoutGradients {
            let void = labels .== 255
            // What is ignored is no class: it makes no edge.
            let highest = widened(labels.float.maskedFill(void, -1), outside: -1)
            let lowest = -widened(-labels.float.maskedFill(void, 256), outside: -256)
            let isMixed = highest .> lowest
            let shares = (0..<map.size(1)).map { F.adaptiveAvgPool2d((widened(labels .== $0, outside: 0) .& isMixed).to(map.dtype), size) }
            let edges = Tensor.concatenate(shares, 1)
            return inputs.ignored(on: map).map { edges.maskedFill($0, 0) } ?? edges
        }
    }

    /// The largest value of the window around every pixel. Windows of twice the width are made of two: some fifty times as fast on a CPU as
    /// pooling.
    private func widened(_ map: Tensor, outside: Double) -> Tensor {
        let width = 2 * radius + 1
        return [2, 3].reduce(map.pad([radius, radius, radius, radius], value: outside)) { map, dimension in
            var (widest, span) = (map, 1)
            while span < width {
                let step = min(span, width - span)
                widest = widest.slice(dimension, nil, -step).maximum(widest.slice(dimension, step, nil))
                span += step
            }
            return widest
        }
    }
}
