import Recipes

extension DataRecipe {
    /// The splits that the recipe lists for the test, with their numbers of images, in the order in which ``dataset(_:)`` joins them.
    public func testParts() throws -> [(name: String, count: Int)] {
        try test.names.map { ($0, try dataset(splits: [$0]).count) }
    }
}
