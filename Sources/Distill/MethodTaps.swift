import Recipes
import Support

/// The networks' taps that a recipe chose for a method, by the method's role.
public struct MethodTaps: Sendable {
    public private(set) var teacher: [String: String] = [:]
    public private(set) var student: [String: String] = [:]

    /// - Throws: `UserError` when a list is not as long for the student as for the teacher.
    public init(_ recipe: MethodRecipe) throws {
        for tap in recipe.schema.taps {
            let keys = recipe.schema.tapKeys(tap)
            let own = recipe.taps[keys.student]?.names ?? []
            let theirs = tap.teacher.map { _ in recipe.taps[keys.teacher]?.names ?? [] }
            if let theirs, theirs.count != own.count {
                throw UserError(
                    "\(recipe.name): taps.\(keys.teacher) names \(theirs.count) maps and taps.\(keys.student) \(own.count)",
                    hint: "They are compared one by one: give as many for both.")
            }
            for (index, name) in own.enumerated() {
                let role = tap.isList ? "\(tap.role)\(index + 1)" : tap.role
                (teacher[role], student[role]) = (theirs?[index], name)
            }
            if tap.isOptional && (own + (theirs ?? [])).contains(TapSchema.none) { leaveOut(tap.role) }
        }
    }

    /// The method goes without this optional tap.
    public mutating func leaveOut(_ role: String) { (teacher[role], student[role]) = (nil, nil) }
}

extension SettingValue {
    fileprivate var names: [String] {
        switch self {
        case .text(let name): [name]
        case .texts(let names): names
        case .flag, .integer, .number, .numbers: []
        }
    }
}
