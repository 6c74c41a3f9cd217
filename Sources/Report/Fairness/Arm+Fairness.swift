import Support

extension Arm {
    var conditions: [RunConditions] { runs.map(\.conditions) }

    /// In what the arm's own runs differ besides their seed.
    var inner: [ConditionDifference] {
        var found: [ConditionDifference] = []
        for run in runs.dropFirst() {
            let comparison = ConditionComparison([run.conditions], [runs[0].conditions], isOneArm: true)
            for difference in comparison.differences where difference.isFatal && !found.contains(where: { $0.key == difference.key }) {
                found.append(
                    ConditionDifference(
                        condition: difference.condition, key: difference.key, arm: "\(run.folder.name): \(difference.arm)",
                        reference: "\(runs[0].folder.name): \(difference.reference)", isFatal: true))
            }
        }
        return found
    }

    /// How far the conditions of the two are alike. Teachers are there to be unlike: only the way they were scored counts.
    func conditions(against reference: Arm) -> ConditionComparison {
        var comparison = ConditionComparison(conditions, reference.conditions)
        if isTeacher || reference.isTeacher { comparison.keep(.evaluation) }
        return comparison
    }

    /// Which arm each is compared with: `wanted`, or for a distilled arm the plain student that is most like it.
    ///
    /// - Parameter main: the reference of all others.
    static func pairs(_ arms: [Arm], main: Arm, isWanted: Bool) -> [(arm: Arm, reference: Arm)] {
        let plain = arms.filter(\.isPlain)
        func reference(_ arm: Arm) -> Arm {
            guard !isWanted, arm.isDistilled, plain.count > 1 else { return main }
            return plain.min { arm.conditions(against: $0).unequal.count < arm.conditions(against: $1).unequal.count } ?? main
        }
        let pairs = arms.filter { $0.name != main.name }.map { (arm: $0, reference: reference($0)) }
        let references = Set(pairs.map(\.reference.name))
        // A plain student that others are compared with is not compared with another one.
        return pairs.filter { !references.contains($0.arm.name) }
    }

    /// What a reader should know of the pairing.
    func notes(against reference: Arm, pairedSeeds: [Int]) -> [String] {
        var notes: [String] = []
        let unknown = conditions(against: reference).unknown
        func list(_ seeds: [Int]) -> String { (seeds.count == 1 ? "seed " : "seeds ") + seeds.map(String.init).joined(separator: ", ") }
        for (arm, other) in [(self, reference), (reference, self)] {
            let alone = arm.runs.map(\.info.seed).filter { !pairedSeeds.contains($0) }
            if !pairedSeeds.isEmpty && !alone.isEmpty {
                notes.append("Left out, as \(other.name) has no run to pair with: \(list(alone)) of \(arm.name).")
            }
        }
        if pairedSeeds.isEmpty && !isTeacher && !reference.isTeacher {
            notes.append("\(name) and \(reference.name) make no pairs of equal seeds, which would need fewer runs for the same certainty.")
        }
        let keys = Condition.allCases.compactMap { condition in
            unknown[condition].map { "\(condition.rawValue) (\($0.joined(separator: ", ")))" }
        }
        if !keys.isEmpty { notes.append("Recorded on one side only, so not compared: \(keys.joined(separator: "; ")).") }
        for file in ["recipe.yaml", "environment.json"] {
            let runs = (runs + reference.runs).filter { $0.conditions.missing.contains(file) }.map(\.folder.name)
            let more = runs.count > 4 ? " and \(runs.count - 4) more" : ""
            if !runs.isEmpty {
                notes.append(
                    "Unknown, as there is no readable \(file): what \(runs.prefix(4).joined(separator: ", "))\(more) would say in it.")
            }
        }
        return notes
    }
}

extension ConditionComparison {
    /// Forgets all other conditions.
    fileprivate mutating func keep(_ condition: Condition) {
        self = ConditionComparison(differences.filter { $0.condition == condition }, unknown.filter { $0.key == condition })
    }
}

/// Arms, or runs of one arm, that are not alike, and so refused.
struct UnfairComparison {
    private var parts: [String] = []
    private var conditions: Set<Condition> = []

    /// Adds what `allowed` does not cover.
    mutating func add(_ title: String, _ arm: String, _ reference: String, _ differences: [ConditionDifference], _ allowed: Set<Condition>)
    {
        let refused = differences.filter { $0.isFatal && !allowed.contains($0.condition) }
        guard !refused.isEmpty else { return }
        conditions.formUnion(refused.unequal)
        let names = refused.unequal.map(\.rawValue).joined(separator: ", ")
        let table = refused.table(arm, reference).text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        parts.append("\(title) differ in \(names):\n\(table)")
    }

    /// - Throws: `UserError` naming all that was added.
    func check(allowed: Set<Condition>) throws {
        guard !parts.isEmpty else { return }
        let all = Condition.allCases.filter { conditions.contains($0) || allowed.contains($0) }.map(\.rawValue).joined(separator: ",")
        throw UserError(
            "not comparable: " + parts.joined(separator: "\n"),
            hint: "Train and evaluate them alike, or compare them all the same with --allow \(all): the verdict then says so.")
    }
}
