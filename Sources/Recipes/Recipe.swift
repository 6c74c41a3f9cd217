/// Everything that a run is made of: data, teacher, student, methods, schedule, evaluation.
public struct Recipe: RecipeSection {
    /// What the trained network is for.
    public enum Role: String, RecipeChoice { case student, teacher }

    public var name = ""
    public var role = Role.student
    public var seed = 0
    public var device = DeviceRecipe.auto
    public var threads: Int?
    public var channelsLast = true
    public var data = DataRecipe()
    /// The network that is learnt from; nil in plain training.
    public var teacher: ModelRecipe?
    public var student = ModelRecipe()
    public var distillation: [MethodRecipe] = []
    public var loss = LossRecipe()
    public var optimizer = OptimizerRecipe()
    public var schedule = ScheduleRecipe()
    public var evaluation = EvaluationRecipe()
    public var preflight = PreflightRecipe()
    public var log = LogRecipe()
    public var checkpoint = CheckpointRecipe()

    public init() {}

    /// Where the run goes unless the command line says otherwise, relative to the current folder.
    public var defaultRunFolder: String { "runs/\(data.dataset.name)/\(name)-seed\(seed)" }

    static let nameDoc = "What the run is called in comparisons, beside its seeds; its folder is runs/DATASET/NAME-seedSEED without --out."

    static var fields: [Field<Recipe>] {
        [
            .value("name", \.name, nameDoc)
                .required().known(as: "arm"),
            .value("role", \.role, "student, or teacher: compared with the others, but not counted as one of them."),
            .number("seed", \.seed, .atLeast(0), "Of every random number: initial weights, order, augmentation."),
            .value("device", \.device, "cpu, cuda, cuda:N, mps, or auto: CUDA or MPS where there is one."),
            .number("threads", \.threads, or: "auto", .atLeast(1), "Threads that compute; auto: as OMP_NUM_THREADS says, or one a core."),
            .value(
                "channelsLast", \.channelsLast,
                "Keep feature maps as N x H x W x C in memory, which convolutions like better; results differ by rounding only."),
            .section("data", \.data, "The images and labels."),
            .section("teacher", \.teacher, "The network that is learnt from: frozen, in eval mode; none for plain training."),
            .section("student", \.student, "The network that is trained.").known(as: "model", "network"),
            .sections("distillation", \.distillation, "The methods by which the student learns from the teacher; their losses add up.")
                .known(as: "distill", "methods", "method", "kd"),
            .section("loss", \.loss, "The task's own loss: of pixels or of masks, or none."),
            .section("optimizer", \.optimizer, "The optimiser and what happens to the gradient.").known(as: "optimiser"),
            .section("schedule", \.schedule, "How long training lasts, and the learning rate's course.").known(as: "scheduler"),
            .section("evaluation", \.evaluation, "How the network is scored.").known(as: "eval", "validation"),
            .section("preflight", \.preflight, "What is looked at before training starts."),
            .section("log", \.log, "What is written while training runs.").known(as: "logging"),
            .section("checkpoint", \.checkpoint, "When the state of training is saved.").known(as: "checkpoints", "save"),
        ]
    }

    mutating func resolve(_ reader: RecipeReader) {
        resolveOnlineTeacher(reader)
        if data.augmentation.strong == nil && wantsStrongView { data.augmentation.strong = .strongView }
        guard evaluation.mode == .slide else { return }
        if !reader.isGiven("evaluation.window"), let crop = data.augmentation.crop { evaluation.window = crop }
        if !reader.isGiven("evaluation.stride") {
            let window = evaluation.window
            evaluation.stride = PixelSize(height: max(1, window.height * 2 / 3), width: max(1, window.width * 2 / 3))
        }
    }

    func check(_ reader: inout RecipeReader) {
        if name.contains("/") || name.hasPrefix(".") {
            reader.report(at: "name", "expected a name that can be a folder's, without '/' and not starting with '.'")
        }
        if role == .teacher && teacher != nil {
            reader.report(at: "role", "'teacher' is for a network that is trained without one; leave the 'teacher' section out")
        }
        if teacher == nil && distillation.contains(where: \.schema.needsTeacher) {
            reader.report(at: "distillation", "needs a 'teacher' section; without one, leave the methods out")
        }
        if teacher?.cache != nil && data.augmentation.mix != nil {
            reader.report(
                at: "teacher.cache", "a cached teacher has not seen mixed images; leave out 'data.augmentation.mix', or the cache")
        }
        if teacher != nil && !distillation.contains(where: \.schema.needsTeacher) {
            let kind = distillation.isEmpty ? "a method in" : "a method that looks at it in"
            reader.report(at: "teacher", "has no effect without \(kind) 'distillation', such as - method: kd")
        }
        for (index, method) in distillation.enumerated() where method.schema.comparesViews && data.augmentation.crop == nil {
            reader.report(
                at: "distillation.\(index)",
                "\(method.name) compares two views of an image, which have one size: set 'data.augmentation.crop'")
        }
        if let count = data.classCount, let weights = loss.classWeights, weights.count != count {
            reader.report(at: "loss.classWeights", "expected \(count) numbers, one a class, found \(weights.count)")
        }
        checkUnlabelled(&reader)
        if loss.task != .instances { checkWithoutObjects(&reader) }
        if loss.task == .none {
            checkWithoutLabels(&reader)
        } else {
            if reader.catalog.backbones.contains(student.model) && !reader.catalog.models.contains(student.model) {
                reader.report(
                    at: "student.model",
                    "'\(student.model)' is a backbone without a head; name a network on it ('segdistill models list'), or train it without labels: "
                        + "loss.task: none")
            }
            if loss.task == .instances { checkWithObjects(&reader) }
            if !data.isLabelled { reader.report(at: "data.labels", "only a recipe with 'loss.task: none' does without labels") }
        }
        if evaluation.batchSize > 1 && evaluation.size == nil && !data.dataset.hasOneSize {
            reader.report(
                at: "evaluation.batchSize",
                "the images may differ in size; give 'evaluation.size' too, or leave it at 1")
        }
        for target in data.targets where evaluation.batchSize > 1 && !target.data.dataset.hasOneSize {
            guard evaluation.size == nil && target.evaluationSize == nil else { continue }
            reader.report(
                at: "evaluation.batchSize",
                "the images of '\(target.name)' may differ in size; give its 'evaluationSize' too, or leave it at 1")
        }
    }
}
