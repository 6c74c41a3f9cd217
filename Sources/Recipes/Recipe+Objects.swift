extension Recipe {
    /// Refuses what does not go with `loss.task: instances`.
    func checkWithObjects(_ reader: inout RecipeReader) {
        if !data.instances { reader.report(at: "data.instances", "'loss.task: instances' learns the objects: set it to true") }
        if !data.targets.isEmpty { reader.report(at: "data.targets", "objects are not scored on target domains; leave them out") }
        if evaluation.mode == .slide { reader.report(at: "evaluation.mode", "objects are found in the whole image; take whole") }
        if evaluation.flip || evaluation.scales != [1] {
            reader.report(at: "evaluation", "objects are found in one view of an image; leave flip and scales out")
        }
        if !evaluation.metrics.isEmpty { reader.report(at: "evaluation.metrics", "are of label maps; leave them out") }
    }
}
