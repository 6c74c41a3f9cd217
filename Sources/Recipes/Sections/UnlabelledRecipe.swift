/// Images that are trained on without labels of their own: a teacher's objects stand for them.
public struct UnlabelledRecipe: RecipeSection {
    /// What ``images`` says for the training images that `fraction` or `labelled` leaves out.
    public static let rest = "rest"

    public var images = UnlabelledRecipe.rest
    public var teacher: String?
    public var pseudoLabels: String?
    /// A teacher that looks while training goes on; nil: the objects are found before it.
    public var online: OnlineTeacherRecipe?
    public var threshold = 0.3
    public var batchSize: Int?
    public var weight = 1.0

    public init() {}

    /// The folder of images; nil for the rest.
    public var folder: String? { images == Self.rest ? nil : images }

    static var fields: [Field<UnlabelledRecipe>] {
        [
            .value("images", \.images, "rest: the training images that fraction or labelled leaves out; or a folder of images.")
                .known(as: "root", "folder"),
            .value(
                "teacher", \.teacher, or: "none",
                "A run folder, stage:NAME or a saved model, whose objects in these images are written to pseudo-labels.json of the run folder before "
                    + "training starts; with 'online' it looks at each batch instead."
            ).known(as: "checkpoint", "model"),
            .value(
                "pseudoLabels", \.pseudoLabels, or: "none",
                "A file that 'segdistill pseudo-label' wrote earlier, in place of a teacher; refused when the teacher has changed since."
            ).known(as: "file", "annotations"),
            .section(
                "online", \.online,
                "In place of objects that are found once, what the moving average of the student finds in each batch: objects, or each pixel's "
                    + "class (UniMatch V2); the student sees strong views of it (data.augmentation.strong)."
            ).known(as: "ema", "meanTeacher"),
            .number(
                "threshold", \.threshold, .from(0, to: 1),
                "Objects with lower scores are left out. 0.3: SSKD's code; 0.7 where the teacher is online, and of the class alone: Guided "
                    + "Distillation; 0.95 of pixels: UniMatch V2."
            ).known(as: "score", "confidence"),
            .number("batchSize", \.batchSize, or: "default", .atLeast(1), "Of these images a step; default: loader.batchSize.")
                .known(as: "batch"),
            .number("weight", \.weight, .atLeast(0), "Factor of the loss on them, beside that on the labelled images. 1: SSKD.")
                .known(as: "lambda", "lossWeight"),
        ]
    }

    mutating func resolve(_ reader: RecipeReader) {
        if online != nil && !reader.isGiven("threshold") { threshold = 0.7 }
    }

    func check(_ reader: inout RecipeReader) {
        reader.checkStage(teacher, at: "teacher")
        if teacher == nil && pseudoLabels == nil && online == nil {
            reader.report(at: "", "says nobody who knows what they show: give 'teacher', 'pseudoLabels' that it wrote, or 'online'")
        }
        if online != nil && pseudoLabels != nil {
            reader.report(
                at: "pseudoLabels", "cannot be combined with 'online', which finds objects in each batch: give the one or the other")
        }
        if teacher != nil && pseudoLabels != nil {
            reader.report(at: "pseudoLabels", "cannot be combined with 'teacher', which writes them anew: give the one or the other")
        }
    }
}

extension DataRecipe {
    func checkUnlabelled(_ reader: inout RecipeReader) {
        if labelled != nil && fraction < 1 {
            reader.report(at: "labelled", "cannot be combined with 'fraction': give the one that chooses the labelled images")
        }
        guard let unlabelled else { return }
        if unlabelled.folder == nil && labelled == nil && fraction == 1 {
            reader.report(
                at: "unlabelled.images",
                "there is no rest while every training image is used with its labels: set 'fraction' or 'labelled', or name a folder of images"
            )
        }
        if augmentation.mix?.kind == .classMix {
            reader.report(at: "augmentation.mix.kind", "goes by the labels, which unlabelled images have none of; take cutMix or copyPaste")
        }
        if augmentation.mix?.kind == .copyPaste && unlabelled.online != nil {
            reader.report(
                at: "augmentation.mix.kind", "pastes objects, of which an online teacher knows none before it has looked; take cutMix")
        }
        if unlabelled.online != nil && augmentation.crop == nil {
            reader.report(at: "unlabelled.online", "shows the student another view, of one size: set 'data.augmentation.crop'")
        }
    }
}

extension Recipe {
    /// Refuses what does not go with `data.unlabelled`.
    func checkUnlabelled(_ reader: inout RecipeReader) {
        guard let unlabelled = data.unlabelled else { return }
        switch loss.task {
        case .instances: break
        case .segmentation: checkUnlabelledPixels(unlabelled, &reader)
        case .none: reader.report(at: "data.unlabelled", "stands beside labels, which 'loss.task: none' does not read; leave it out")
        }
        if teacher?.cache != nil {
            reader.report(at: "teacher.cache", "holds maps of the labelled images alone; leave out the cache, or 'data.unlabelled'")
        }
        guard let online = unlabelled.online else { return }
        online.check(&reader, "data.unlabelled.online", batch: unlabelled.batchSize ?? data.loader.batchSize)
        guard loss.task == .instances else { return }
        for (index, method) in distillation.enumerated() where method.schema.comparesViews {
            reader.report(
                at: "distillation.\(index)",
                "\(method.name) compares two views of an image, and the student of an online teacher sees one; leave the one or the other out"
            )
        }
    }

    /// What the task is decides what an online teacher says, and so its constants.
    mutating func resolveOnlineTeacher(_ reader: RecipeReader) {
        guard loss.task == .segmentation, let unlabelled = data.unlabelled, unlabelled.online != nil else { return }
        let key = "data.unlabelled"
        data.unlabelled?.online?.labelPixels(isGuided: unlabelled.teacher != nil) { reader.isGiven("\(key).online.\($0)") }
        if !reader.isGiven("\(key).threshold") { data.unlabelled?.threshold = 0.95 }
        if data.augmentation.strong == nil { data.augmentation.strong = .uniMatchView }
    }

    /// Refuses what does not go with unlabelled images whose pixels a teacher labels.
    private func checkUnlabelledPixels(_ unlabelled: UnlabelledRecipe, _ reader: inout RecipeReader) {
        if unlabelled.pseudoLabels != nil {
            reader.report(at: "data.unlabelled.pseudoLabels", "is a file of objects, which are learnt with 'loss.task: instances'")
        } else if unlabelled.online == nil {
            let hint = unlabelled.teacher == nil ? "" : "; its 'burnIn: 1' keeps this teacher"
            reader.report(at: "data.unlabelled", "pixels are labelled batch by batch while training goes on: give 'online: {}'\(hint)")
        }
        for (index, method) in distillation.enumerated() where method.schema.needsLabels {
            reader.report(
                at: "distillation.\(index)",
                "\(method.name) learns from the labels, of which unlabelled images have none; leave the one or the other out")
        }
    }

    /// What the student learns by beside the labels of its own images.
    public var methodNames: [String] {
        distillation.map(\.name) + (data.unlabelled.map { [$0.online == nil ? "pseudo-labels" : "online-teacher"] } ?? [])
    }

    /// Whether a second view of the images is made.
    public var wantsStrongView: Bool { distillation.contains(where: \.schema.comparesViews) || data.unlabelled?.online != nil }
}
