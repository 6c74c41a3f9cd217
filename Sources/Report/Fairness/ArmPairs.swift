import Support

/// Which arms are compared, and in what they differ beside distillation.
struct ArmPairs {
    /// What the others are compared with, but for those that another plain student is more like.
    let reference: Arm
    let pairs: [(arm: Arm, reference: Arm)]
    /// In what the runs of one arm differ from each other.
    private let inner: [String: [ConditionDifference]]

    /// - Parameters:
    ///   - wanted: the name of the reference; by default the plain student, or else the first arm.
    ///   - allowed: in what the arms may differ all the same.
    /// - Throws: `UserError` when there is no such arm, and when arms, or runs of one arm, differ in what is not allowed.
    init(_ arms: [Arm], reference wanted: String?, allowing allowed: Set<Condition>) throws {
        reference = try Self.reference(wanted, among: arms)
        pairs = Arm.pairs(arms, main: reference, isWanted: wanted != nil)
        inner = Dictionary(uniqueKeysWithValues: arms.map { ($0.name, $0.inner) })
        var unfair = UnfairComparison()
        for arm in arms { unfair.add("runs of \(arm.name)", "in", "in", inner[arm.name, default: []], allowed) }
        for (arm, reference) in pairs {
            let differences = arm.conditions(against: reference).differences
            unfair.add("\(arm.name) and \(reference.name)", arm.name, reference.name, differences, allowed)
        }
        try unfair.check(allowed: allowed)
    }

    /// In what the two, and the runs of each, differ.
    func conditions(_ arm: Arm, _ reference: Arm) -> [ConditionDifference] {
        arm.conditions(against: reference).differences + inner[arm.name, default: []] + inner[reference.name, default: []]
    }

    private static func reference(_ wanted: String?, among arms: [Arm]) throws -> Arm {
        guard let wanted else { return arms.first(where: \.isPlain) ?? arms[0] }
        if let found = arms.first(where: { $0.name == wanted }) { return found }
        let near = nearestName(to: wanted, in: arms.map(\.name)).map { "Did you mean “\($0)”? " } ?? ""
        throw UserError(
            "no run belongs to an arm “\(wanted)”", hint: near + "Arms: \(arms.map(\.name).joined(separator: ", "))", exitCode: .usage)
    }
}
