/// Reading and batching.
public struct LoaderRecipe: RecipeSection {
    public enum Sampling: String, RecipeChoice {
        case shuffle
        case classBalanced = "class-balanced"
        case repeatFactor = "repeat-factor"
    }

    public var batchSize = 16
    public var threads: Int?
    public var cacheMegabytes = 512
    public var scaledDecoding = true
    public var sampling = Sampling.shuffle
    public var temperature = 0.01
    public var pixels = 3000
    public var repeatThreshold = 0.1

    public init() {}

    static var fields: [Field<LoaderRecipe>] {
        [
            .number("batchSize", \.batchSize, .atLeast(1), "Images a step. 16: CIRKD v1.").known(as: "batch"),
            .number(
                "threads", \.threads, or: "auto", .atLeast(1),
                "Threads that decode and augment ahead of the step; auto: what the step leaves over."
            ).known(as: "workers", "numWorkers"),
            .number(
                "cacheMegabytes", \.cacheMegabytes, .atLeast(0),
                "Memory for decoded images that are kept between epochs; 0: none."
            ).known(as: "cache"),
            .value(
                "scaledDecoding", \.scaledDecoding,
                "Let the JPEG decoder shrink images that become at most half as large: much faster, filtered a little differently."
            ),
            .value(
                "sampling", \.sampling,
                "shuffle: every image once an epoch; class-balanced: images with rare classes more often, by rare class sampling (DAFormer); "
                    + "repeat-factor: images with rare classes several times an epoch (LVIS)."
            ).known(as: "sampler"),
            .number("temperature", \.temperature, .above(0), "The lower, the more the rarest classes are preferred. 0.01: DAFormer.")
                .only("sampling", \.sampling, .classBalanced),
            .number(
                "pixels", \.pixels, .atLeast(1),
                "The pixels of a class that an image must have to be drawn for it. 3000: DAFormer's code."
            ).only("sampling", \.sampling, .classBalanced),
            .number(
                "repeatThreshold", \.repeatThreshold, .from(0, to: 1),
                "The share of images below which a class counts as rare; with the share f an image comes √(threshold / f) times. "
                    + "LVIS: 0.001, for a thousand classes."
            ).only("sampling", \.sampling, .repeatFactor),
        ]
    }
}
