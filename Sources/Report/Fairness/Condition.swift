/// What runs must have in common for the difference of their scores to say something about distillation.
public enum Condition: String, CaseIterable, Sendable, Codable {
    /// The images that are trained on, and those that choose the checkpoint.
    case data
    /// Crops and random changes, how images are drawn.
    case augmentation
    /// The network that is trained, and its options.
    case student
    /// What its weights start from, beside the seed.
    case initialization
    /// How much is trained: steps × batch × accumulation.
    case budget
    /// Optimiser, schedule, the task's own loss.
    case optimizer
    /// How scores are taken, and how often the best checkpoint is chosen.
    case evaluation
    /// The program's version and the precision that it computes in.
    case program
    /// Of the runs of one arm alone: teacher, methods, earlier stages.
    case methods

    /// What a key of a run's conditions belongs to; nil for what the scores do not depend on, or what arms are there to differ in.
    ///
    /// - Parameter key: the path in the recipe, or one of the keys of ``RunConditions``.
    static func of(_ key: String) -> (condition: Condition, isFatal: Bool)? {
        let found = rules.filter { key == $0.path || key.hasPrefix($0.path + ".") }.max { $0.path.count < $1.path.count }
        return found.flatMap { rule in rule.condition.map { ($0, rule.isFatal) } }
    }

    private struct Rule {
        let path: String
        let condition: Condition?
        let isFatal: Bool

        init(_ path: String, _ condition: Condition?, fatal: Bool = true) {
            self.path = path
            self.condition = condition
            isFatal = fatal
        }
    }

    /// The longest path that fits a key counts, so that new keys of a section are compared from the day they exist.
    private static let rules: [Rule] = [
        Rule("data", .data), Rule("training images", .data), Rule("training data", .data),
        // A pack holds the training split's own pixels, and training refuses one of other data.
        Rule("data.packed", nil),
        Rule("data.test", .evaluation), Rule("data.evaluationCount", .evaluation),
        // Whether targets are the same is seen in what was scored there.
        Rule("data.targets", nil),
        Rule("data.augmentation", .augmentation), Rule("data.loader", .augmentation),
        Rule("data.loader.batchSize", .budget), Rule("data.loader.threads", nil), Rule("data.loader.cacheMegabytes", nil),
        Rule("student", .student),
        Rule("student.weights", .initialization), Rule("student.checkpoint", .initialization),
        Rule("student.encoder", .initialization), Rule("student.freeze", .initialization),
        Rule("student.reinitialize", .initialization), Rule("student.discard", .initialization),
        Rule("student.precision", .program),
        Rule("steps", .budget), Rule("status", .budget), Rule("images seen", .budget), Rule("optimizer.accumulate", .budget),
        // They are what such a method adds, and a longer step: the reader should know how many.
        Rule("unlabelled images seen", .budget, fatal: false),
        Rule("optimizer", .optimizer), Rule("schedule", .optimizer), Rule("loss", .optimizer),
        // What they come to is compared as "steps".
        Rule("schedule.steps", nil), Rule("schedule.epochs", nil),
        Rule("evaluation", .evaluation), Rule("evaluation.batchSize", nil), Rule("evaluation.metrics", nil),
        Rule("protocol", .evaluation), Rule("scored checkpoint", .evaluation),
        Rule("segdistill", .program), Rule("precision", .program),
        // These change the rounding only.
        Rule("libTorch", .program, fatal: false), Rule("device", .program, fatal: false), Rule("threads", .program, fatal: false),
        Rule("channelsLast", .program, fatal: false),
        Rule("teacher", .methods), Rule("distillation", .methods), Rule("stages", .methods),
        Rule("data.unlabelled", .methods),
        // The view that methods and online teachers ask for.
        Rule("data.augmentation.strong", .methods),
        // Each seed may have a teacher of its own.
        Rule("data.unlabelled.teacher", .methods, fatal: false), Rule("data.unlabelled.pseudoLabels", .methods, fatal: false),
        Rule("teacher.weights", .methods, fatal: false), Rule("teacher.checkpoint", .methods, fatal: false),
        Rule("teacher.cache.folder", .methods, fatal: false),
    ]
}
