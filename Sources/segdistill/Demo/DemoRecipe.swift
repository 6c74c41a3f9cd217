import Recipes

/// The recipes that need no file: those of Recipes/street-scenes, built into the program so that it can be moved away
/// from its sources.
enum DemoRecipe: String, CaseIterable {
    case teacher, plain, distilled

    /// The name on the command line, in place of a file: `demo/plain`.
    var name: String { "demo/\(rawValue)" }

    init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// - Throws: `RecipeError` when the overrides do not fit.
    func load(_ overrides: [String] = []) throws -> RecipeDocument {
        try Recipe.parse(yaml, file: name, overrides: overrides, catalog: .standard)
    }

    private var yaml: String {
        let bytes =
            switch self {
            case .teacher: PackageResources.teacher_yaml
            case .plain: PackageResources.plain_yaml
            case .distilled: PackageResources.distilled_yaml
            }
        return String(decoding: bytes, as: UTF8.self)
    }
}
