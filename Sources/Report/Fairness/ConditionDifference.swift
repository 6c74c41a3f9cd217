import Support

/// Something in which two arms, or two runs of one arm, are not alike.
public struct ConditionDifference: Sendable, Equatable, Encodable {
    public let condition: Condition
    /// What it is: a key of the recipe, or a word such as `steps`.
    public let key: String
    /// As the arm has it; several values where its runs differ.
    public let arm: String
    public let reference: String
    /// Whether it stands in the way of a comparison; otherwise it is shown.
    public let isFatal: Bool
}

/// The conditions of two sets of runs, side by side.
struct ConditionComparison {
    private(set) var differences: [ConditionDifference] = []
    /// What one of the two does not say, in conditions that are otherwise alike: older runs kept less.
    private(set) var unknown: [Condition: [String]] = [:]

    /// - Parameter isOneArm: whether teacher and methods must be equal too.
    init(_ arm: [RunConditions], _ reference: [RunConditions], isOneArm: Bool = false) {
        func values(_ runs: [RunConditions], _ key: String) -> [String] { Set(runs.compactMap { $0.values[key] }).sorted() }
        let keys = Set((arm + reference).flatMap(\.values.keys)).sorted()
        // Training data that are known to be the same may lie anywhere.
        let prints = [values(arm, "training data"), values(reference, "training data")]
        let sameData = prints[0] == prints[1] && prints[0].count == 1
        var onesided: [(Condition, String)] = []
        for key in keys {
            guard let (condition, isFatal) = Condition.of(key), isOneArm || condition != .methods else { continue }
            if key == "data.root" && sameData { continue }
            let (mine, theirs) = (values(arm, key), values(reference, key))
            if mine.isEmpty || theirs.isEmpty {
                if isFatal { onesided.append((condition, key)) }
            } else if mine != theirs {
                func text(_ values: [String]) -> String { values.joined(separator: " | ") }
                differences.append(
                    ConditionDifference(condition: condition, key: key, arm: text(mine), reference: text(theirs), isFatal: isFatal))
            }
        }
        let order = Condition.allCases
        differences.sort { (order.firstIndex(of: $0.condition)!, $0.key) < (order.firstIndex(of: $1.condition)!, $1.key) }
        // Where a condition differs, keys that only one side has belong to that difference: momentum of sgd against betas of adamw.
        let differing = Set(differences.map(\.condition))
        for (condition, key) in onesided where !differing.contains(condition) { unknown[condition, default: []].append(key) }
    }

    init(_ differences: [ConditionDifference], _ unknown: [Condition: [String]]) {
        self.differences = differences
        self.unknown = unknown
    }

    /// The conditions by which scores could differ, each once.
    var unequal: [Condition] { differences.unequal }
}

extension [ConditionDifference] {
    /// The conditions by which scores could differ, each once.
    var unequal: [Condition] { Condition.allCases.filter { condition in contains { $0.condition == condition && $0.isFatal } } }

    /// What, in the arm, in the reference.
    func table(_ arm: String, _ reference: String) -> TextTable {
        var table = TextTable("condition", "what", arm, reference)
        for difference in self {
            table.append([difference.condition.rawValue, difference.key, shortened(difference.arm), shortened(difference.reference)])
        }
        return table
    }
}

/// Long lists, such as class names, need not be read in full to be seen to differ.
private func shortened(_ text: String) -> String { text.count > 40 ? text.prefix(39) + "…" : text }
