import Support

/// Everything that is wrong with a recipe, all at once.
public struct RecipeError: UserFacingError, Equatable {
    /// One mistake: where it is, which key it concerns, what was expected and what was found.
    public struct Problem: Sendable, Equatable {
        public let location: Location
        /// The key's full path, as an override names it: `optimizer.learningRate`.
        public let path: String
        public let message: String
    }

    /// The name of the file, as it is shown in messages.
    public let file: String
    /// In the order of the file; what the command line got wrong comes last.
    public let problems: [Problem]
    public var exitCode: ExitCode { .badInput }

    init(file: String, problems: [Problem]) {
        self.file = file
        self.problems = problems.enumerated()
            .sorted { left, right in
                let (a, b) = (left.element.location.order, right.element.location.order)
                return (a.0, a.1, left.offset) < (b.0, b.1, right.offset)
            }
            .map(\.element)
    }

    public var description: String {
        let lines = problems.map { problem in
            let subject = problem.path.isEmpty ? "" : "\(problem.path): "
            return "\(problem.location.description(file: file)): \(subject)\(problem.message)"
        }
        if lines.count == 1 { return lines[0] }
        return (["\(lines.count) problems in the recipe; nothing was started"] + lines).joined(separator: "\n")
    }
}
