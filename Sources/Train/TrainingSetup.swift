import Foundation
import Recipes
import Runs
import SegData
import SegModels
import Support
import Torch
import TorchNN
import TorchOptim

/// Everything that a recipe stands for, built and checked before training starts.
public final class TrainingSetup {
    public let recipe: Recipe
    public let device: Device
    public let steps: Int
    let student: Network<VisionModel>
    /// Where the student's encoder is not trained.
    let frozen: FrozenEncoder?
    let distiller: Distiller?
    /// The teacher's cache as it was found, where the recipe has one.
    let cache: CacheFilling?
    let step: TrainingStep
    let trainingSet: any Dataset
    let validationSet: any Dataset
    /// What the student is to tell apart: the pixels' classes, or the objects'.
    let classes: ClassList
    /// Images with the objects that a teacher found in them; nil where the recipe has none, or its teacher has not looked yet.
    var unlabelledSet: (any Dataset)?
    /// The training and validation samples that cannot be used, where the recipe puts them aside.
    let putAside: [LeftOut]

    /// - Parameters:
    ///   - checkingData: whether the data are read once before training starts; at most ``checkedSamples`` of them.
    ///   - note: told what was built and loaded, a line at a time.
    /// - Throws: what says why training cannot start: `UserError`, `LoadError` (weights that do not fit), `TensorFileError`.
    public init(_ recipe: Recipe, checkingData: Bool = true, note: (String) -> Void = { _ in }) throws {
        try LibTorch.load()
        self.recipe = recipe
        device = try Device(recipe.device)
        LibTorch.threads = recipe.threads ?? LibTorch.automaticThreads
        let data = recipe.data
        guard data.augmentation.strong == nil || recipe.wantsStrongView else {
            throw UserError(
                "data.augmentation.strong: no method of this recipe compares two views of an image",
                hint: "Leave it out; what it says can stand in data.augmentation itself.")
        }
        let readsLabels = recipe.loss.task != .none
        trainingSet = try data.dataset(.train, readsLabels: readsLabels)
        let validation = try data.dataset(.validation, readsLabels: readsLabels)
        validationSet = recipe.evaluation.limit.map { SpreadDataset(validation, limit: $0) } ?? validation
        var putAside: [LeftOut] = []
        func leaveOut(_ purpose: String, _ set: any Dataset) {
            guard !set.leftOut.isEmpty else { return }
            let names = set.leftOut.prefix(3).map(\.name).joined(separator: ", ") + (set.leftOut.count > 3 ? ", …" : "")
            note("\(set.leftOut.count) \(purpose) samples are put aside, \(set.count) are left: \(names)")
            putAside += set.leftOut
        }
        leaveOut("training", trainingSet)
        leaveOut("validation", validation)
        // Where bad samples are put aside, all have been read.
        if checkingData && data.dataset.isFiles && data.badSamples == .stop {
            try Self.check([trainingSet, validationSet], recipe.loss.task, note)
        }

        let classes = try recipe.loss.task == .instances ? trainingSet.objectClasses() : trainingSet.classes
        self.classes = classes
        if recipe.loss.task == .instances { try Self.check(classes, with: [validation, data.dataset(.test)]) }
        var sources: [(purpose: String, dataset: any Dataset)] = [("training", trainingSet), ("validation", validation)]
        if let (images, labelled) = try Self.openUnlabelled(recipe, classes, note) {
            if checkingData && data.badSamples == .stop { try Self.check([images], .none, note) }
            try data.checkUnlabelled(images, apartFrom: sources + (readsLabels ? [("test", data.dataset(.test))] : []), note)
            sources.append(("unlabelled", images))
            // Those that labels were taken from are put aside already.
            if data.unlabelled?.folder != nil { leaveOut("unlabelled", images) }
            unlabelledSet = labelled
        }
        for target in try data.targetDomains(classes: readsLabels ? classes : nil) {
            try target.checkApart(from: sources)
            note("target \(target.name): \(target.dataset.count) images")
        }
        self.putAside = putAside
        TorchRandom.seed(recipe.seed)
        let device = device
        let (model, loaded) = try withTorchErrors { try recipe.student.buildStudent(classes: classes.count) }
        let frozen = try withTorchErrors { try recipe.student.freeze == .encoder ? FrozenEncoder(of: model) : nil }
        let still = frozen == nil ? "" : ", the encoder frozen"
        note("student \(recipe.student.model): \(model.parameterCount.formatted()) parameters, \(loaded)\(still)")
        let student = try withTorchErrors {
            Network(model, device: device, precision: recipe.student.precision, channelsLast: recipe.channelsLast)
        }
        let (distiller, weights) = try recipe.distillation.isEmpty ? (nil, nil) : Self.distiller(recipe, student, classes, note)
        let smallest = min(data.loader.batchSize, data.unlabelled?.batchSize ?? data.loader.batchSize)
        for active in distiller?.methods ?? [] { try active.method.check(batch: smallest) }
        if !readsLabels, let method = distiller?.methods.first(where: { $0.method.opponent != nil }) {
            throw UserError(
                "\(method.name) trains an opponent, whose loss says nothing of how good a student is",
                hint: "With loss.task: none the losses are the score: take another method.")
        }
        if let distiller, let teacher = distiller.teacher, let weights {
            cache = try CacheFilling(
                TeacherView(network: teacher, weights: weights, recipe: recipe.teacher!, data: data, dataset: trainingSet),
                distiller.teacherTaps)
            note(cache!.summary)
        } else {
            cache = nil
        }
        let batches = max(1, trainingSet.count / data.loader.batchSize)
        let steps = recipe.schedule.stepCount(batchesPerEpoch: batches, accumulate: recipe.optimizer.accumulate)
        step = try withTorchErrors { try TrainingStep(recipe, student: student, frozen: frozen, distiller: distiller, steps: steps) }
        self.student = student
        self.frozen = frozen
        self.distiller = distiller
        self.steps = steps
        if let crop = data.augmentation.crop {
            try model.checkSize(height: crop.height, width: crop.width)
            try distiller?.teacher?.model.checkSize(height: crop.height, width: crop.width)
        }
        if let crop = data.augmentation.crop, let distiller {
            for line in distiller.describe(batch: data.loader.batchSize, height: crop.height, width: crop.width, student: model) {
                note(line)
            }
        }
        note("\(trainingSet.count) training images, \(steps) steps of \(data.loader.batchSize * recipe.optimizer.accumulate) on \(device)")
        // Dropout goes on from here, whatever building the networks has drawn.
        TorchRandom.seed(recipe.seed)
    }

    /// - Returns: also the hash of the teacher's weights, where its maps are to be cached.
    private static func distiller(
        _ recipe: Recipe, _ student: Network<VisionModel>, _ classes: ClassList, _ note: (String) -> Void
    ) throws -> (Distiller?, String?) {
        // The teacher and the projectors have random numbers of their own.
        try TorchRandom.isolated(seed: recipe.seed) {
            try withTorchErrors {
                var teacher: (built: ModelRecipe.Teacher, network: Network<VisionModel>)?
                var weights: String?
                if let teacherRecipe = recipe.teacher {
                    let built = try teacherRecipe.buildTeacher(student: classes)
                    let loaded = built.report ?? "random weights"
                    note("teacher \(teacherRecipe.model): \(built.model.parameterCount.formatted()) parameters, \(loaded)")
                    if teacherRecipe.cache != nil { weights = TeacherView.weightsHash(built.model) }
                    let network = Network(
                        built.model, device: student.device, precision: teacherRecipe.precision, channelsLast: recipe.channelsLast)
                    network.storeForInference()
                    teacher = (built, network)
                }
                let distiller = try Distiller(
                    teacher: teacher?.network, classes: teacher?.built.classes, student: student, methods: recipe.distillation, of: classes,
                    fold: teacher?.built.map.map { try ClassFold($0, device: student.device) })
                for omission in distiller.omissions { note(omission) }
                return (distiller, weights)
            }
        }
    }

    /// What is found later is scored by the same classes.
    private static func check(_ classes: ClassList, with others: [any Dataset]) throws {
        for other in others {
            guard try other.objectClasses().names != classes.names else { continue }
            throw UserError(
                "the training images have objects of other classes than those of validation and test",
                hint: "Choose other splits (data.validation, data.test).")
        }
    }

    /// The number of samples of each split that are read before training; larger sets are looked at evenly spread.
    public static let checkedSamples = 2000

    private static func check(_ datasets: [any Dataset], _ task: LossRecipe.Task, _ note: (String) -> Void) throws {
        for dataset in datasets {
            let part = dataset.count > checkedSamples ? SpreadDataset(dataset, limit: checkedSamples) : dataset
            let check = DatasetCheck(part)
            try check.validate()
            if task == .instances && check.objects.allSatisfy({ $0 == 0 }) {
                throw UserError(
                    "none of \(part.count) images has an object", hint: "loss.task: instances learns objects: choose other splits.")
            }
            guard task == .segmentation else { continue }
            guard check.unlabelled == 0 else {
                throw UserError(
                    "\(check.unlabelled) of \(part.count) images have no labels",
                    hint: "Supervised training and scoring need labels; loss.task: none does without.")
            }
            if !check.absentClasses.isEmpty { note("no pixel is labelled \(check.absentClasses.joined(separator: ", "))") }
        }
    }

    // MARK: State

    /// What the run is, for its folder.
    func runInfo(arm: String?, role: RunInfo.Role?, stage: RunInfo.Stage?) -> RunInfo {
        let methods = recipe.methodNames.joined(separator: "+")
        var info = RunInfo(
            arm: arm ?? (methods.isEmpty ? "plain" : methods), role: role ?? .student,
            method: stage?.method ?? (methods.isEmpty ? nil : methods),
            seed: recipe.seed, dataset: recipe.data.dataset.name, model: recipe.student.model,
            parameters: student.model.parameterCount, steps: steps)
        info.stage = stage
        info.trainingImages = trainingSet.count
        info.trainingData = DatasetFingerprint(trainingSet).text
        info.precision = recipe.student.precision.autocast(on: device) == nil ? "float32" : "bf16"
        return info
    }

    func info(step: Int) -> SavedModelInfo {
        SavedModelInfo(
            model: recipe.student.model, options: recipe.student.options, classes: classes,
            dataset: recipe.data.dataset.name, step: step, description: student.model.origin)
    }

    /// The weights that are used later: the moving average where there is one.
    var deployedState: [(String, Tensor)] { step.average?.stateDict ?? student.model.stateDict() }

    func withDeployedWeights<Result>(_ body: () throws -> Result) rethrows -> Result {
        if let average = step.average { try average.withAverages(body) } else { try body() }
    }

    /// Everything beside the deployed weights that the next step depends on.
    var trainingState: [(String, Tensor)] {
        var state = step.optimizer.state.map { ("optimizer.\($0)", $1) }
        state += (distiller?.stateDict ?? []).map { ("methods.\($0)", $1) }
        state += (step.onlineTeacher?.state ?? []).map { ("onlineTeacher.\($0)", $1) }
        if let average = step.average {
            state += average.state.map { ("average.\($0)", $1) }
            state += student.model.stateDict().map { ("model.\($0)", $1) }
        }
        return state + randomState
    }

    /// The states of the generators that dropout draws from.
    var randomState: [(String, Tensor)] {
        [("random.cpu", TorchRandom.state())] + (device == .cpu ? [] : [("random.device", TorchRandom.state(of: device))])
    }

    func restoreRandom(_ state: [String: Tensor]) {
        if let random = state["random.cpu"] { TorchRandom.setState(random) }
        if device != .cpu, let random = state["random.device"] { TorchRandom.setState(random, of: device) }
    }

    /// Goes on from what ``deployedState`` and ``trainingState`` were.
    func restore(_ model: [String: Tensor], _ training: [String: Tensor], from source: String) throws {
        func part(_ prefix: String) -> [String: Tensor] {
            let own = training.filter { $0.key.hasPrefix(prefix) }
            return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
        }
        try withTorchErrors {
            let raw = part("model.")
            try student.model.load(raw.isEmpty ? model : raw, from: source)
            try step.optimizer.load(state: part("optimizer."))
            try distiller?.load(state: part("methods."), from: source)
            try step.average?.load(state: part("average."))
            try step.onlineTeacher?.load(state: part("onlineTeacher."))
            guard training["random.cpu"] != nil else {
                throw UserError("\(source) has no state of the random numbers", hint: "Train anew with --overwrite.")
            }
            restoreRandom(training)
            try frozen?.checkUnchanged(in: source)
        }
    }
}

extension Device {
    /// - Throws: `UserError` when the device is not there.
    public init(_ recipe: DeviceRecipe) throws {
        switch recipe {
        case .auto: try self.init("auto")
        case .cpu: try self.init("cpu")
        case .cuda(let index): try self.init("cuda:\(index)")
        case .mps: try self.init("mps")
        }
    }
}
