import Foundation
import Recipes
import Testing
import Train

/// The recipes of the repository.
@Suite struct RecipeFileTests {
    @Test func everyRecipeCanBeRead() throws {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("../../Recipes").standardized
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)).compactMap { $0 as? URL }
            .filter { $0.pathExtension == "yaml" }
        #expect(files.count >= 9)
        for file in files {
            #expect(throws: Never.self, "\(file.path)") {
                let text = try String(contentsOf: file, encoding: .utf8)
                if try StagedRecipe.parse(text, catalog: .standard) == nil { _ = try Recipe.parse(text, catalog: .standard) }
            }
        }
    }
}
