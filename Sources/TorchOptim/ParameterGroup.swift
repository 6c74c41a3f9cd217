import Support
import Torch
import TorchNN

/// Parameters that an optimiser treats alike.
public struct ParameterGroup {
    /// What logs call the group: the pattern that made it, or `rest`; with `, no decay` where decay was switched off.
    public let name: String
    public let parameters: [(name: String, tensor: Tensor)]
    /// Factor of the step's learning rate.
    public let learningRateScale: Double
    /// L2 weight decay: SGD adds it to the gradient, AdamW subtracts it from the weight.
    public let weightDecay: Double

    public init(name: String, parameters: [(name: String, tensor: Tensor)], learningRateScale: Double = 1, weightDecay: Double = 0) {
        self.name = name
        self.parameters = parameters
        self.learningRateScale = learningRateScale
        self.weightDecay = weightDecay
    }

    /// Which parameters are to be treated differently, and how.
    public struct Rule: Sendable, Equatable {
        /// The parameters' names; `*` stands for any characters.
        public var pattern: String
        public var learningRateScale: Double
        /// nil: as all the others.
        public var weightDecay: Double?

        public init(_ pattern: String, learningRateScale: Double = 1, weightDecay: Double? = nil) {
            self.pattern = pattern
            self.learningRateScale = learningRateScale
            self.weightDecay = weightDecay
        }
    }

    /// Sorts `parameters` into groups: the first rule that fits a name counts; what fits none is `rest`. A tensor that
    /// has several names is taken once, under the first.
    ///
    /// - Parameter noDecayOnNormAndBias: no decay on what has one dimension or none (biases, scales and shifts of
    ///   normalisation, slopes of PReLU), whatever a rule says: the convention of timm.
    /// - Throws: `UserError` when a rule fits no parameter that no earlier rule took.
    public static func groups(
        of parameters: [(String, Tensor)], rules: [Rule] = [], weightDecay: Double = 0, noDecayOnNormAndBias: Bool = false
    ) throws -> [ParameterGroup] {
        let rest = Rule("*")
        let all = rules + [rest]
        var members = [[(name: String, tensor: Tensor)]](repeating: [], count: all.count)
        var seen: Set<ObjectIdentifier> = []
        for (name, tensor) in parameters where seen.insert(ObjectIdentifier(tensor)).inserted {
            let first = all.firstIndex { matches(name, $0.pattern) }!
            members[first].append((name, tensor))
        }
        for (rule, taken) in zip(rules, members) where taken.isEmpty {
            let names = parameters.map(\.0)
            let taken = names.contains { matches($0, rule.pattern) }
            throw UserError(
                taken
                    ? "every parameter that fits the group '\(rule.pattern)' belongs to an earlier group"
                    : "no parameter fits the group '\(rule.pattern)'",
                hint: taken
                    ? "The first group that fits counts: put the narrower pattern first."
                    : "Names look like \(names.prefix(3).joined(separator: ", ")); '*' stands for any characters.")
        }
        return zip(all, members).enumerated().flatMap { index, pair in
            let (rule, taken) = pair
            let name = index == rules.count ? "rest" : rule.pattern
            let exempt = noDecayOnNormAndBias ? taken.filter { $0.tensor.dimensions <= 1 } : []
            let decayed = noDecayOnNormAndBias ? taken.filter { $0.tensor.dimensions > 1 } : taken
            let parts = [(name, decayed, rule.weightDecay ?? weightDecay), ("\(name), no decay", exempt, 0)]
            return parts.filter { !$0.1.isEmpty }.map {
                ParameterGroup(name: $0.0, parameters: $0.1, learningRateScale: rule.learningRateScale, weightDecay: $0.2)
            }
        }
    }
}
