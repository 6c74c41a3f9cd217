import Support

extension MethodSetup {
    /// - Parameter remedy: what else the user may do.
    /// - Throws: `UserError` when the maps of `role` are not of the same classes on both sides.
    func checkClasses(of role: String, _ method: String, remedy: String) throws {
        guard teacherChannels[role] != studentChannels[role] else { return }
        throw UserError(
            "\(method) compares class scores, but the teacher has \(teacherChannels[role] ?? 0) classes "
                + "and the student \(studentChannels[role] ?? 0)",
            hint: "Give both the same classes (fine-tune the teacher on the student's data), or \(remedy).")
    }
}
