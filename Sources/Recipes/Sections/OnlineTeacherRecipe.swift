/// A teacher that learns while it teaches: the moving average of the student, as in Mean Teacher.
public struct OnlineTeacherRecipe: RecipeSection {
    public var burnIn = 0.5
    public var decay = 0.9996
    public var minimumArea = 5.0
    public var views = 1
    public var channelDropout = 0.0
    public var cutMix = 0.0
    /// Whether it says what each pixel is, rather than which objects there are: `loss.task` decides.
    public private(set) var labelsPixels = false

    public init() {}

    static var fields: [Field<OnlineTeacherRecipe>] {
        [
            .number(
                "burnIn", \.burnIn, .from(0, to: 1),
                "The share of the training before the moving average takes over. Until then 'teacher' says what the images show, as in Guided "
                    + "Distillation (50,000 of 90,000 steps); without one they are not looked at, as in Unbiased Teacher (2,000 of 180,000). Of "
                    + "pixels 0: UniMatch V2; 1 with a 'teacher', which then stays it."
            ).known(as: "burnUp", "warmup"),
            .number(
                "decay", \.decay, .from(0, to: 1),
                "Of the average, once a step. 0.9996: both; of pixels 0.996 (UniMatch V2), and not more than 1 - 1 / t in its step t."
            ).known(as: "momentum", "ema"),
            .number(
                "minimumArea", \.minimumArea, .atLeast(0),
                "Objects with fewer pixels of the network's mask map are left out. 5: Guided Distillation."
            ).known(as: "minArea", "area"),
            .number(
                "views", \.views, .from(1, to: 2),
                "Strong views of each image that the student sees, for pixels. 2: UniMatch V2; 1: FixMatch."
            ).known(as: "strongViews"),
            .number(
                "channelDropout", \.channelDropout, .from(0, to: 1),
                "The share of the images of which each of the two views has one half of the encoder's channels, for pixels. 0.5: UniMatch V2."
            ).known(as: "dropout", "complementaryDropout"),
            .number(
                "cutMix", \.cutMix, .from(0, to: 1),
                "How often a strong view has a rectangle of another image of the batch, for pixels. 0.5: UniMatch V2."
            ).known(as: "cutmix"),
        ]
    }

    private static let ofObjects: Set = ["minimumArea"]
    private static let ofPixels: Set = ["views", "channelDropout", "cutMix"]

    var writtenFields: [Field<Self>] {
        Self.fields.filter { !(labelsPixels ? Self.ofObjects : Self.ofPixels).contains($0.key) }
    }

    /// UniMatch V2's constants in place of what is not given.
    /// - Parameter isGuided: whether another network teaches at first.
    mutating func labelPixels(isGuided: Bool, isGiven: (String) -> Bool) {
        labelsPixels = true
        if !isGiven("burnIn") { burnIn = isGuided ? 1 : 0 }
        if !isGiven("decay") { decay = 0.996 }
        if !isGiven("views") { views = 2 }
        if !isGiven("channelDropout") && views == 2 { channelDropout = 0.5 }
        if !isGiven("cutMix") { cutMix = 0.5 }
    }

    func check(_ reader: inout RecipeReader, _ key: String, batch: Int) {
        for other in (labelsPixels ? Self.ofObjects : Self.ofPixels).sorted() where reader.isGiven("\(key).\(other)") {
            let (what, task) = labelsPixels ? ("objects", "instances") : ("the classes of pixels", "segmentation")
            reader.report(at: "\(key).\(other)", "is for a teacher of \(what), with 'loss.task: \(task)'; leave it out")
        }
        guard labelsPixels else { return }
        if channelDropout > 0 && views < 2 {
            reader.report(at: "\(key).channelDropout", "shares the channels between two views: set 'views: 2', or leave it out")
        }
        if cutMix > 0 && batch < 2 {
            reader.report(
                at: "\(key).cutMix",
                "takes rectangles of other images of the batch, which has one: raise 'data.unlabelled.batchSize', or set it to 0")
        }
    }
}
