import Distill
import Recipes
import SegModels

extension MethodTaps {
    /// Goes without the optional taps that a network does not have, unless the recipe chose them itself.
    /// - Returns: what is missing, in words.
    mutating func leaveOutWhatIsMissing(in teacher: VisionModel?, _ student: VisionModel, _ schema: MethodSchema) -> [String] {
        var words: [String] = []
        for tap in schema.taps where tap.isOptional {
            let sides: [(String, VisionModel?, String?, SettingValue?)] = [
                ("teacher", teacher, self.teacher[tap.role], tap.teacher), ("student", student, self.student[tap.role], tap.student),
            ]
            for (side, model, name, usual) in sides {
                guard let model, let name, usual == .text(name), model.tapChannels[name] == nil else { continue }
                words.append("\(schema.name) goes without '\(tap.role)': the \(side) \(model.card.name) has no \(name)")
                leaveOut(tap.role)
            }
        }
        return words
    }

    /// The student's taps by the masked view's roles.
    func masked(_ schema: MethodSchema) -> [String: String] { student(schema, as: \.maskedRole) }

    /// The student's taps by the strong view's roles.
    func strong(_ schema: MethodSchema) -> [String: String] { student(schema, as: \.strongRole) }

    private func student(_ schema: MethodSchema, as role: (TapSchema) -> String?) -> [String: String] {
        let pairs = schema.taps.compactMap { tap in role(tap).flatMap { role in student[tap.role].map { (role, $0) } } }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}
