import Distill
import Recipes
import SegData
import SegModels
import Support
import Torch
import TorchNN

/// The methods by which the student learns, and the teacher that they learn from.
final class Distiller {
    /// Nil where no method looks at one.
    let teacher: Network<VisionModel>?
    /// In place of the living teacher, where the recipe has one and it is filled.
    private(set) var cache: TeacherCache?
    private let student: Network<VisionModel>
    /// Brings the teacher's class scores to the student's classes, where they differ.
    let fold: ClassFold?
    /// Nil where nobody says them.
    let teacherClasses: ClassList?
    let methods: [Active]
    let opponents: Opponents
    /// What methods go without because a network does not have it, in words.
    let omissions: [String]

    /// A method at work.
    struct Active {
        let name: String
        let recipe: MethodRecipe
        let method: any DistillationMethod
        let teacherTaps: [String: String]
        let studentTaps: [String: String]
        let masked: MaskedPass?
        /// The student's taps of the strongly augmented view, by role.
        let strongTaps: [String: String]
    }

    /// - Throws: `UserError` when a tap does not exist, or the models do not fit a method.
    /// - Parameters:
    ///   - teacher: nil where no method looks at one.
    ///   - teacherClasses: nil where nobody says them.
    ///   - classes: the student's.
    init(
        teacher: Network<VisionModel>?, classes teacherClasses: ClassList?, student: Network<VisionModel>, methods recipes: [MethodRecipe],
        of classes: ClassList, fold: ClassFold?
    ) throws {
        self.teacher = teacher
        self.student = student
        self.teacherClasses = teacherClasses
        self.fold = fold
        var names: Set<String> = []
        var omissions: [String] = []
        methods = try recipes.map { recipe in
            let kind = try Methods.named(recipe.name)
            var taps = try MethodTaps(recipe)
            omissions += taps.leaveOutWhatIsMissing(in: teacher?.model, student.model, recipe.schema)
            var teacherChannels = try teacher.map { try Self.channels(taps.teacher, $0.model, recipe.schema, "teacher") } ?? [:]
            var studentChannels = try Self.channels(taps.student, student.model, recipe.schema, "student")
            let masked = taps.masked(recipe.schema)
            for (role, tap) in masked { studentChannels[role] = student.model.tapChannels[tap]! }
            for (role, tap) in taps.teacher where tap == "logits" {
                if let fold { teacherChannels[role] = fold.count }
                try Self.checkClasses(recipe.name, teacherChannels[role]!, taps.student[role] == tap ? studentChannels[role]! : nil)
            }
            let setup = MethodSetup(
                settings: recipe.settings, teacherChannels: teacherChannels, studentChannels: studentChannels,
                classes: classes.count)
            let method = try kind.init(setup)
            method.to(student.device)
            // The same method may be used at several taps: kd, cwd, cwd-2.
            var name = recipe.name
            var number = 2
            while !names.insert(name).inserted {
                name = "\(recipe.name)-\(number)"
                number += 1
            }
            return Active(
                name: name, recipe: recipe, method: method, teacherTaps: taps.teacher, studentTaps: taps.student,
                masked: method.maskedView.map { MaskedPass($0, taps: masked, of: student) }, strongTaps: taps.strong(recipe.schema))
        }
        self.omissions = omissions
        opponents = Opponents(methods.compactMap { active in active.method.opponent.map { (active.name, $0) } })
    }

    private static func channels(
        _ taps: [String: String], _ model: VisionModel, _ schema: MethodSchema, _ side: String
    ) throws -> [String: Int] {
        let layouts = Dictionary(uniqueKeysWithValues: schema.taps.map { ($0.role, $0.layout) })
        let found = try taps.map { role, tap in
            let hasPlaces = layouts[role]?.hasPlaces ?? true
            let known = model.tapChannels.keys.filter { (model.tapStrides[$0]! > 0) == hasPlaces }.sorted()
            if known.contains(tap) { return (role, model.tapChannels[tap]!) }
            let nearest = nearestName(to: tap, in: known).map { "Did you mean '\($0)'? " } ?? ""
            throw UserError(
                "\(schema.name): the \(side) \(model.card.name) has no tap '\(tap)'\(hasPlaces ? "" : " that is a vector")",
                hint: "\(nearest)Its taps: \(known.isEmpty ? "none" : known.joined(separator: ", ")).")
        }
        return Dictionary(uniqueKeysWithValues: found)
    }

    /// Scores are compared class by class.
    private static func checkClasses(_ method: String, _ teacher: Int, _ student: Int?) throws {
        guard let student, teacher != student else { return }
        throw UserError(
            "\(method) compares class scores, but the teacher tells \(teacher) classes apart and the student \(student)",
            hint: "Say with teacher.classMap which of the student's classes each of the teacher's is, or distil features: "
                + "cwd with taps: {teacher: features, student: features}.")
    }

    /// What the student's forward pass has to record.
    var studentTaps: Set<String> { Set(methods.flatMap { $0.studentTaps.values }) }

    /// What the teacher's has to, when every method has set in.
    var teacherTaps: Set<String> { Set(methods.flatMap { $0.teacherTaps.values }) }

    /// Whether a batch has to bring a strongly augmented view of its images.
    var comparesViews: Bool { methods.contains { !$0.strongTaps.isEmpty } }

    /// From now on batches get their maps from the cache, and the teacher's weights are let go of, unless somebody still asks it.
    func use(_ cache: TeacherCache, keepingTeacher: Bool) {
        self.cache = cache
        if !keepingTeacher { teacher?.release() }
    }

    /// What is trained beside the student, with paths such as `cwd.projector.weight`.
    var namedParameters: [(String, Tensor)] {
        methods.flatMap { active in
            active.method.namedParameters().filter { $1.requiresGrad && !opponents.parameters.contains(ObjectIdentifier($1)) }
                .map { ("\(active.name).\($0)", $1) }
        } + maskTokens
    }

    private var maskTokens: [(String, Tensor)] {
        methods.compactMap { active in active.masked.map { ("maskToken.\(active.name)", $0.token) } }
    }

    /// Parameters, buffers and the opponents' optimisers, for checkpoints.
    var stateDict: [(String, Tensor)] {
        methods.flatMap { active in active.method.stateDict().map { ("\(active.name).\($0)", $1) } }
            + maskTokens + opponents.state.map { ("opponents.\($0)", $1) }
    }

    func load(state: [String: Tensor], from source: String) throws {
        for active in methods {
            let prefix = active.name + "."
            let own = state.filter { $0.key.hasPrefix(prefix) }
            try active.method.load(own, from: source) { String($0.dropFirst(prefix.count)) }
        }
        for (name, token) in maskTokens {
            guard let saved = state[name], saved.shape == token.shape else {
                throw UserError("\(source) has no '\(name)' of the shape \(token.shape)", hint: "It belongs to another recipe.")
            }
            withoutGradients { _ = token.copy_(saved) }
        }
        let others = state.filter { $0.key.hasPrefix("opponents.") }
        try opponents.load(state: Dictionary(uniqueKeysWithValues: others.map { (String($0.key.dropFirst(10)), $0.value) }))
    }

    /// The losses of one batch; none of a method that has not set in yet. What trains the methods' opponents is propagated back at once: it
    /// does not reach the student.
    ///
    /// - Parameters:
    ///   - strong: the strongly augmented view of the images, where a method compares views.
    ///   - progress: the share of the training that is over.
    ///   - batch: that the images are of; nil asks the living teacher.
    func losses(
        _ images: Tensor, strong: Tensor? = nil, student taps: Taps, labels: Tensor, at progress: Double, of batch: Batch? = nil
    ) -> [LossTerm] {
        let weights = methods.map { $0.recipe.weight(at: progress) }
        let wanted = Set(zip(methods, weights).flatMap { $1 > 0 ? Array($0.teacherTaps.values) : [] })
        let seen = wanted.isEmpty ? [:] : teacherMaps(wanted, of: images, in: batch)
        let own = maps(taps, of: student.model, images)
        let compared = Set(zip(methods, weights).flatMap { $1 > 0 ? Array($0.strongTaps.values) : [] })
        let others = compared.isEmpty ? [:] : strongMaps(compared, of: strong)
        return zip(methods, weights).map { active, weight in
            guard weight > 0 else { return LossTerm(active.name, weight: 0, nil) }
            let clean = active.studentTaps.mapValues { own[$0]! }
            let hidden = active.masked?.maps(of: images, by: student) ?? [:]
            let views = hidden.merging(active.strongTaps.mapValues { others[$0]! }) { $1 }
            let inputs = MethodInputs(
                teacher: active.teacherTaps.mapValues { seen[$0]! }, student: clean.merging(views) { $1 }, labels: labels,
                progress: progress, autocast: student.autocast)
            let loss = active.method.loss(inputs)
            loss.opponent?.backward()
            let opponent = loss.opponent.map { [(name: "opponent", value: $0)] } ?? []
            return LossTerm(active.name, weight: weight, loss.total, parts: loss.terms + opponent)
        }
    }

    /// The teacher's maps by tap, class scores in the student's classes, without gradients.
    /// - Parameter batch: whose maps come from the cache, where there is one.
    func teacherMaps(_ taps: Set<String>, of images: Tensor, in batch: Batch? = nil) -> [String: Tensor] {
        guard let teacher, !taps.isEmpty else { return [:] }
        return withoutGradients {
            var found =
                if let cache, let batch {
                    cache.maps(taps, of: batch, on: teacher.device)
                } else {
                    maps(teacher.record(taps, of: images), of: teacher.model, images)
                }
            if let fold, let scores = found["logits"] { found["logits"] = fold(scores) }
            return found
        }
    }

    /// The student's maps of the strongly augmented view by tap, without gradients. Batch normalisation looks at this pass's own batch; its
    /// running statistics are those of the images themselves.
    private func strongMaps(_ taps: Set<String>, of images: Tensor?) -> [String: Tensor] {
        guard let images else { preconditionFailure("a method compares two views, and the batch has one") }
        return withoutGradients { student.model.withoutTracking { maps(student.record(taps, of: images), of: student.model, images) } }
    }

    /// What was recorded as B×C×h×w, a transformer's tokens too; what has no places as it is.
    func maps(_ taps: Taps, of model: VisionModel, _ images: Tensor) -> [String: Tensor] {
        Dictionary(
            uniqueKeysWithValues: taps.tensors.keys.map { name in
                (name, taps.map(name, height: images.size(1), width: images.size(2), stride: model.tapStrides[name]!))
            })
    }

    /// The methods' factors when a share of the training is over.
    func weights(at progress: Double) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: methods.map { ($0.name, $0.recipe.weight(at: progress)) })
    }

    /// One line for each method: its taps, their shapes, and the memory of its loss.
    func describe(batch: Int, height: Int, width: Int, student: VisionModel) -> [String] {
        methods.map { active in
            func shapes(_ taps: [String: String], _ model: VisionModel) -> [String: [Int]] {
                taps.mapValues { tap in
                    let (channels, stride) = (model.tapChannels[tap]!, model.tapStrides[tap]!)
                    let grid = stride == 0 ? [] : [height, width].map { ($0 + stride - 1) / stride }
                    return [batch, channels] + grid
                }
            }
            let teacherShapes = teacher.map { shapes(active.teacherTaps, $0.model) } ?? [:]
            let studentShapes = shapes(active.studentTaps, student)
            let bytes = active.method.peakMemory(MethodShapes(teacher: teacherShapes, student: studentShapes))
            let compared = active.studentTaps.keys.sorted().map { role in
                let own = "\(active.studentTaps[role]!) \(text(studentShapes[role]!))"
                return active.teacherTaps[role].map { "\($0) \(text(teacherShapes[role]!)) → \(own)" } ?? own
            }
            return "\(active.name): weight \(active.recipe.weight), \(compared.joined(separator: ", ")), about \(bytes >> 20) MiB"
        }
    }

    private func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: "×") }
}
