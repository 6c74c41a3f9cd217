/// Where and how a teacher's maps are kept, so that training needs them only computed once.
public struct CacheRecipe: RecipeSection {
    /// The type of the numbers on disk.
    public enum Storage: String, RecipeChoice, Codable { case float16, float32 }

    public var folder = ""
    public var type = Storage.float16
    public var topK: Int?
    public var size: PixelSize?

    public init() {}

    static var fields: [Field<CacheRecipe>] {
        [
            .value(
                "folder", \.folder,
                "Where the maps are; made and filled when there are none, refused when they are of another teacher or other data."
            ).required().known(as: "path", "dir"),
            .value("type", \.type, "The numbers on disk: float16 takes half the room, float32 rounds nothing.").known(as: "dtype"),
            .number(
                "topK", \.topK, or: "all", .atLeast(1),
                "Keep so many of the highest class scores at each position; the rest's probability is spread evenly over the other classes."
            ).known(as: "top"),
            .value(
                "size", \.size, or: "none",
                "[height, width] of the whole image as the teacher sees it; none: as data.augmentation resizes it, or its own size."
            ).known(as: "resize"),
        ]
    }
}
