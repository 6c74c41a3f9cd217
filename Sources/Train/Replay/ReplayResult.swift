import Runs
import Support
import Torch

/// What a step gave when it was run again.
public struct ReplayResult {
    /// A term of the loss, averaged over the accumulated batches.
    public struct Term: Sendable, Equatable {
        public let name: String
        public let weight: Double
        /// Before the weight; nil for a method that had not set in.
        public let value: Double?
        /// What the value consists of, before the weight.
        public let parts: [String: Double]
        /// The L2 norm of the weighted term's gradient on the student's trunk; of the first batch.
        public let trunkNorm: Double

        public var weighted: Double { (value ?? 0) * weight }
    }

    public let header: Replay.Header
    public private(set) var terms: [Term] = []
    /// The parameters whose gradient is not a number.
    public internal(set) var brokenGradients: [ParameterSet] = []

    init(header: Replay.Header) { self.header = header }

    mutating func add(_ found: [LossTerm], norms: [Tensor]) {
        let count = Double(header.roles?.count { !$0.isPseudo } ?? header.samples.count)
        let new = zip(found, norms).map { term, norm in
            Term(
                name: term.name, weight: term.weight, value: term.value.map { $0.item() / count },
                parts: Dictionary(term.parts.map { ($0.name, $0.value.item() / count) }) { $1 }, trunkNorm: norm.item())
        }
        for term in new {
            guard let place = terms.firstIndex(where: { $0.name == term.name }) else {
                terms.append(term)
                continue
            }
            let old = terms[place]
            terms[place] = Term(
                name: old.name, weight: old.weight, value: old.value.map { $0 + (term.value ?? 0) },
                parts: old.parts.merging(term.parts, uniquingKeysWith: +), trunkNorm: old.trunkNorm)
        }
    }

    /// A table of the terms for the terminal.
    public var text: String {
        var table = TextTable([
            .init("loss"), .init("before its weight", .right), .init("weight", .right), .init("weighted", .right),
            .init("in training", .right), .init("gradient on the trunk", .right),
        ])
        for term in terms {
            table.append([
                term.name, term.value.map(significant) ?? "not yet", significant(term.weight), significant(term.weighted),
                header.losses?[term.name].map(significant) ?? "–", significant(term.trunkNorm),
            ])
            for (name, value) in term.parts.sorted(by: { $0.key < $1.key }) { table.append(["  \(name)", significant(value)]) }
        }
        let place = "batch \(header.position.batch + 1) of epoch \(header.position.epoch + 1), seed \(header.seed)"
        var lines = ["step \(header.step) of \(header.steps): \(place)"]
        lines += header.samples.map { "  \($0.joined(separator: ", "))" } + ["", table.text]
        if !brokenGradients.isEmpty {
            lines += ["", "The gradient is not a number at \(brokenGradients.map(\.description).joined(separator: ", "))."]
        }
        return lines.joined(separator: "\n")
    }
}
