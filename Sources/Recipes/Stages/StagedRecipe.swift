/// Several trainings that build on each other, in one recipe: `stages`.
///
/// ```yaml
/// name: two-steps
/// data: {dataset: camvid, root: data/camvid}
/// stages:
///   - name: encoder
///     student: {model: resnet18}
///     loss: {task: none}
///     …
///   - name: head
///     student: {model: segformer-resnet18, encoder: stage:encoder, freeze: encoder}
/// ```
///
/// A stage's keys overlay those that stand above the list: sections key by key, everything else whole, and a key with nothing behind it
/// goes back to its default. What comes out is a recipe like any other.
public struct StagedRecipe: Sendable, Equatable {
    public struct Stage: Sendable, Equatable {
        /// Names the stage's run folder inside the whole run's.
        public let name: String
        /// Its paths may be `stage:NAME`, for the run of an earlier stage.
        public let document: RecipeDocument
        public var recipe: Recipe { document.recipe }
    }

    /// At least one.
    public let stages: [Stage]
    /// The file's name as messages show it.
    public let file: String

    public var names: [String] { stages.map(\.name) }

    /// Where the run goes unless the command line says otherwise: what the last stage is trained on decides.
    public var defaultRunFolder: String { stages.last!.recipe.defaultRunFolder }

    /// All stages with their defaults filled in, each key under a comment that explains it. Parsing it again gives equal stages.
    public var resolvedYAML: String {
        let name = stages[0].recipe.name
        var lines = ["# \(Recipe.nameDoc)", "name: \(name.yaml)", "", "# \(Self.doc)", "stages:"]
        for stage in stages {
            lines.append("  - name: \(stage.name.yaml)")
            var writer = RecipeWriter()
            writer.write(stage.recipe, fields: Recipe.fields.filter { $0.key != "name" })
            lines += [""] + writer.lines.map { $0.isEmpty ? "" : "    " + $0 } + [""]
        }
        return lines.joined(separator: "\n")
    }

    static let key = "stages"
    static let doc = "Trainings that build on each other; the keys of each overlay those above."
}

/// What a path of a recipe says instead of a run folder: `stage:NAME`.
public enum StageReference {
    static let prefix = "stage:"

    /// The stage's name; nil for an ordinary path.
    public static func stage(in path: String) -> String? { path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil }
}

extension Recipe {
    /// The paths that say an earlier stage, by key: `student.encoder`.
    public var stageReferences: [(key: String, stage: String)] {
        let paths = [
            ("student.encoder", student.encoder), ("student.checkpoint", student.checkpoint), ("teacher.checkpoint", teacher?.checkpoint),
            ("data.unlabelled.teacher", data.unlabelled?.teacher),
        ]
        return paths.compactMap { key, path in path.flatMap(StageReference.stage).map { (key, $0) } }
    }

    /// The recipe with the stages' run folders in place of their names.
    public func resolvingStages(_ folder: (String) -> String) -> Recipe {
        func resolved(_ path: String?) -> String? { path.map { StageReference.stage(in: $0).map(folder) ?? $0 } }
        var recipe = self
        recipe.student.encoder = resolved(student.encoder)
        recipe.student.checkpoint = resolved(student.checkpoint)
        recipe.teacher?.checkpoint = resolved(teacher?.checkpoint)
        recipe.data.unlabelled?.teacher = resolved(data.unlabelled?.teacher)
        return recipe
    }
}
