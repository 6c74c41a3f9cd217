extension Recipe {
    /// Refuses what goes with `loss.task: instances` alone.
    func checkWithoutObjects(_ reader: inout RecipeReader) {
        if evaluation.rules != .auto {
            reader.report(at: "evaluation.protocol", "is of objects ('loss.task: instances'); leave it out")
        }
    }

    /// Refuses what does not go with `loss.task: instances`.
    func checkWithObjects(_ reader: inout RecipeReader) {
        if !data.dataset.keys.contains("instances") {
            reader.report(at: "data.dataset", "'\(data.dataset.name)' has no objects, which 'loss.task: instances' learns")
        } else if !data.instances {
            reader.report(at: "data.instances", "'loss.task: instances' learns the objects: set it to true")
        }
        if data.classMap != nil { reader.report(at: "data.classMap", "maps the classes of pixels, not those of objects; leave it out") }
        if !data.targets.isEmpty { reader.report(at: "data.targets", "objects are not scored on target domains; leave them out") }
        for (index, method) in distillation.enumerated() where method.schema.needsLabels {
            reader.report(
                at: "distillation.\(index)",
                "\(method.name) learns from the classes of pixels, which 'loss.task: instances' does not tell apart; take another method")
        }
        if evaluation.mode == .slide { reader.report(at: "evaluation.mode", "objects are found in the whole image; take whole") }
        if evaluation.flip { reader.report(at: "evaluation.flip", "objects are found in one view of an image; leave it out") }
        if evaluation.scales != [1] { reader.report(at: "evaluation.scales", "objects are found in one view of an image; leave them out") }
        if !evaluation.metrics.isEmpty { reader.report(at: "evaluation.metrics", "are of label maps; leave them out") }
    }
}
