/// Reading and batching.
public struct LoaderRecipe: RecipeSection {
    public var batchSize = 16
    public var threads: Int?
    public var cacheMegabytes = 512

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
        ]
    }
}
