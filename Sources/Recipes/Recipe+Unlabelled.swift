extension Recipe {
    /// Refuses what reads labels in a recipe whose `loss.task` is none.
    func checkWithoutLabels(_ reader: inout RecipeReader) {
        let why = "which 'loss.task: none' does not read"
        if distillation.isEmpty {
            reader.report(at: "loss.task", "without labels there is only a teacher to learn from: give 'teacher' and 'distillation'")
        }
        if !distillation.isEmpty && !distillation.contains(where: { $0.weight(at: 0) > 0 }) {
            reader.report(
                at: "distillation", "without labels one method at least has to work from the first step: weight above 0, no start or ramp")
        }
        for (index, method) in distillation.enumerated() where method.schema.needsLabels {
            reader.report(at: "distillation.\(index)", "\(method.name) learns from the labels, \(why); take another method")
        }
        for (index, method) in distillation.enumerated() where method.schema.comparesViews {
            reader.report(
                at: "distillation.\(index)",
                "\(method.name) compares two views of an image; with 'loss.task: none' the losses on the validation images are the score, and "
                    + "these have one view")
        }
        if data.loader.sampling != .shuffle {
            reader.report(at: "data.loader.sampling", "goes by the labels, \(why); take shuffle")
        }
        if data.augmentation.categoryLimit < 1 {
            reader.report(at: "data.augmentation.categoryLimit", "goes by the labels, \(why); set it to 1")
        }
        if let mix = data.augmentation.mix, mix.kind != .cutMix {
            reader.report(at: "data.augmentation.mix.kind", "goes by the labels, \(why); take cutMix")
        }
    }
}
