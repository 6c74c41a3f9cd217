/// How the network is scored.
public struct EvaluationRecipe: RecipeSection {
    public enum Mode: String, RecipeChoice { case whole, slide }

    /// What is measured besides the confusion matrix.
    public enum Metric: String, RecipeChoice { case boundary, trimap, connectivity, calibration }

    /// By whose rules found objects are scored.
    public enum ObjectRules: String, RecipeChoice { case auto, coco, cityscapes }

    public var every = 800
    public var limit: Int?
    public var batchSize = 1
    public var size: PixelSize?
    public var mode = Mode.whole
    public var window = PixelSize(height: 512, width: 512)
    public var stride = PixelSize(height: 341, width: 341)
    public var scales = [1.0]
    public var flip = false
    public var metrics: [Metric] = []
    public var rules = ObjectRules.auto

    public init() {}

    static var fields: [Field<EvaluationRecipe>] {
        [
            .number("every", \.every, .atLeast(1), "Steps between two validations. 800: CIRKD v1.").known(as: "interval"),
            .number("limit", \.limit, or: "all", .atLeast(1), "Validate on this many images, spread over the split, while training.")
                .known(as: "images", "samples"),
            .number("batchSize", \.batchSize, .atLeast(1), "Images at once; images of one batch must share a size.")
                .known(as: "batch"),
            .value(
                "size", \.size, or: "none",
                "Resize images to [height, width] before the network; scores are always taken at the label's own size."
            ).known(as: "resize"),
            .value("mode", \.mode, "whole: the image in one piece (CIRKD v1); slide: overlapping windows, averaged."),
            .value("window", \.window, "[height, width] of the window; the training crop by default.")
                .only("mode", \.mode, .slide),
            .value("stride", \.stride, "[down, right] from window to window; two thirds of it by default, as in MMSegmentation.")
                .only("mode", \.mode, .slide),
            .value("scales", \.scales, "Sizes at which each image is seen; the probabilities are averaged. [1.0]: CIRKD v1."),
            .value("flip", \.flip, "See each image mirrored too."),
            .value(
                "metrics", \.metrics,
                "What the final score measures besides IoU, Dice and accuracy: boundary (boundary IoU and F1), trimap, connectivity, calibration."
            ).known(as: "metric", "measures"),
            .value(
                "protocol", \.rules,
                "Of objects: coco or cityscapes: whose AP chooses the best checkpoint, and is compared. auto: Cityscapes' for its eight classes, COCO's for all others."
            ).known(as: "rules"),
        ]
    }

    func check(_ reader: inout RecipeReader) {
        if scales.isEmpty || !scales.allSatisfy({ $0 > 0 }) {
            reader.report(at: "scales", "expected at least one number greater than 0, found \(scales.yaml)")
        }
        if mode == .slide && (stride.height > window.height || stride.width > window.width) {
            reader.report(at: "stride", "\(stride.yaml) is larger than the window \(window.yaml) and would leave gaps")
        }
    }
}

/// What is looked at before training starts.
public struct PreflightRecipe: RecipeSection {
    public var enabled = true
    public var teacherImages: Int? = 100

    public init() {}

    static var fields: [Field<PreflightRecipe>] {
        [
            .value(
                "enabled", \.enabled,
                "Look at the teacher, the losses' shares of the gradient, memory and time before the first step; training is the same without."
            ).known(as: "run"),
            .number(
                "teacherImages", \.teacherImages, or: "all", .atLeast(0),
                "Score the teacher on this many validation images, spread over the split; 0: not at all."
            ).known(as: "images", "limit"),
        ]
    }
}

/// What is written while training runs.
public struct LogRecipe: RecipeSection {
    public var every = 20
    public var gradientShare = 200
    public var tensorboard = true

    public init() {}

    static var fields: [Field<LogRecipe>] {
        [
            .number("every", \.every, .atLeast(1), "Steps between two lines of the log; values leave the device only then.")
                .known(as: "interval"),
            .number(
                "gradientShare", \.gradientShare, .atLeast(0),
                "Steps between two measurements of each loss's part of the gradient on the student's trunk, which take a backward pass a loss; "
                    + "0: never."
            ).known(as: "gradientShares"),
            .value("tensorboard", \.tensorboard, "Write TensorBoard records beside events.jsonl."),
        ]
    }
}

/// When the state of training is saved.
public struct CheckpointRecipe: RecipeSection {
    public var every = 800

    public init() {}

    static var fields: [Field<CheckpointRecipe>] {
        [
            .number(
                "every", \.every, .atLeast(1),
                "Steps between two checkpoints named 'last'; 'best' is saved whenever the validation score rises."
            ).known(as: "interval", "saveEvery")
        ]
    }
}
