/// A teacher that learns while it teaches: the moving average of the student, as in Mean Teacher.
public struct OnlineTeacherRecipe: RecipeSection {
    public var burnIn = 0.5
    public var decay = 0.9996
    public var minimumArea = 5.0

    public init() {}

    static var fields: [Field<OnlineTeacherRecipe>] {
        [
            .number(
                "burnIn", \.burnIn, .from(0, to: 1),
                "The share of the training before the moving average takes over. Until then 'teacher' says what the images show, as in Guided "
                    + "Distillation (50,000 of 90,000 steps); without one they are not looked at, as in Unbiased Teacher (2,000 of 180,000)."
            ).known(as: "burnUp", "warmup"),
            .number("decay", \.decay, .from(0, to: 1), "Of the average, once a step. 0.9996: both.").known(as: "momentum", "ema"),
            .number(
                "minimumArea", \.minimumArea, .atLeast(0),
                "Objects with fewer pixels of the network's mask map are left out. 5: Guided Distillation."
            ).known(as: "minArea", "area"),
        ]
    }
}
