/// The task's own loss: of pixels or of masks, or none.
public struct LossRecipe: RecipeSection {
    /// What the labels are for.
    public enum Task: String, RecipeChoice { case segmentation, instances, none }

    /// What is compared with the labels.
    public enum Criterion: String, RecipeChoice { case auto, crossEntropy, masks }

    public var task = Task.segmentation
    public var criterion = Criterion.auto
    public var auxiliaryWeight = 0.4
    public var classWeights: [Double]?
    public var masks = MaskLossRecipe()

    public init() {}

    static var fields: [Field<LossRecipe>] {
        [
            .value(
                "task", \.task,
                "segmentation: the labels are learnt; instances: the objects (data.instances), for networks that predict masks; none: labels are "
                    + "not read at all, and the student, which may be a backbone, learns by distillation alone. Its loss on the validation images then chooses the best checkpoint."
            ),
            .value(
                "criterion", \.criterion,
                "crossEntropy: of every pixel; masks: Mask2Former's own, for a network that predicts masks: each class of an image is a mask, which "
                    + "one query is to find; auto: masks for such a network, crossEntropy for all others."
            ).only("task", \.task, .segmentation),
            .number(
                "auxiliaryWeight", \.auxiliaryWeight, .atLeast(0),
                "Factor of the same loss at the auxiliary head, for models that have one. 0.4: CIRKD v1."
            ).only("task", \.task, .segmentation).known(as: "aux", "auxWeight"),
            .value("classWeights", \.classWeights, or: "none", "A factor for every class, in their order; of the cross-entropy.")
                .only("task", \.task, .segmentation).known(as: "weights", "weight"),
            .section("masks", \.masks, "Mask2Former's criterion.").only("task", \.task, .segmentation, .instances).known(as: "mask"),
        ]
    }

    func check(_ reader: inout RecipeReader) {
        if let weights = classWeights, !weights.allSatisfy({ $0 >= 0 }) || weights.allSatisfy({ $0 == 0 }) {
            reader.report(at: "classWeights", "expected numbers of at least 0, not all of them 0, found \(weights.yaml)")
        }
        if classWeights != nil && criterion == .masks {
            reader.report(at: "classWeights", "are of the cross-entropy; with 'criterion: masks' leave them out")
        }
    }
}

/// The constants of Mask2Former's criterion (Cheng et al., CVPR 2022).
public struct MaskLossRecipe: RecipeSection {
    public var classWeight = 2.0
    public var maskWeight = 5.0
    public var diceWeight = 5.0
    public var noObject = 0.1
    public var points = 12_544
    public var oversampling = 3.0
    public var importance = 0.75

    public init() {}

    static var fields: [Field<MaskLossRecipe>] {
        [
            .number(
                "classWeight", \.classWeight, .atLeast(0), "Factor of the queries' classes, in the loss and the matching. 2: Mask2Former."),
            .number("maskWeight", \.maskWeight, .atLeast(0), "Factor of the masks' cross-entropy, in both. 5: Mask2Former."),
            .number("diceWeight", \.diceWeight, .atLeast(0), "Factor of the masks' dice loss, in both. 5: Mask2Former."),
            .number("noObject", \.noObject, .atLeast(0), "Weight of 'no object' among the classes. 0.1: Mask2Former."),
            .number(
                "points", \.points, .atLeast(1), "Points at which masks are matched, and at which each is compared. 12544: Mask2Former."),
            .number("oversampling", \.oversampling, .atLeast(1), "Candidates for each point of a mask's loss. 3: Mask2Former.")
                .known(as: "oversample"),
            .number(
                "importance", \.importance, .from(0, to: 1),
                "Share of these points that are the least certain candidates; the others are drawn evenly. 0.75: Mask2Former."),
        ]
    }
}
