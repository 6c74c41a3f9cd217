import Foundation
import Recipes
import Runs
import Support

/// Where the stages of a recipe are, and what is there already.
struct StageFolders {
    private let recipe: StagedRecipe
    private let folder: URL

    init(_ recipe: StagedRecipe, in folder: URL) { (self.recipe, self.folder) = (recipe, folder) }

    subscript(name: String) -> URL { folder.appendingPathComponent(name, isDirectory: true) }

    private func run(_ name: String) -> RunInfo? { try? RunFolder.open(self[name]).readInfo() }

    /// What a stage's run says of it: methods are those by which the student came to be, in this stage and in those that it builds on.
    func info(_ stage: StagedRecipe.Stage) -> RunInfo.Stage {
        var methods: [String] = []
        func add(_ stage: StagedRecipe.Stage) {
            for (key, name) in stage.recipe.stageReferences where key.hasPrefix("student") {
                if let earlier = recipe.stages.first(where: { $0.name == name }) { add(earlier) }
            }
            for method in stage.recipe.methodNames where !methods.contains(method) { methods.append(method) }
        }
        add(stage)
        return RunInfo.Stage(
            name: stage.name, number: recipe.names.firstIndex(of: stage.name)! + 1, count: recipe.stages.count,
            method: methods.isEmpty ? nil : methods.joined(separator: "+"))
    }

    /// Refuses a stage that builds on one which is neither trained before it nor finished.
    func check(_ stage: StagedRecipe.Stage, after trained: [String]) throws {
        for (key, name) in stage.recipe.stageReferences where !trained.contains(name) && run(name)?.status != .finished {
            throw UserError(
                "the stage '\(stage.name)' needs '\(name)' (\(key)), which is not trained now and has no finished run in \(self[name].path)",
                hint: "Train '\(name)' too, or give another run or file: stages.\(stage.name).\(key)=PATH")
        }
    }

    /// Whether a stage is done.
    /// - Throws: `UserError` when what is finished is not what the recipe says, or what is begun builds on an earlier run of a stage.
    func finished(_ stage: StagedRecipe.Stage, trainedNow: [String]) throws -> Bool {
        guard let folder = try? RunFolder.open(self[stage.name]), let info = try? folder.readInfo() else { return false }
        let isFinished = info.status == .finished
        // What has no checkpoint begins anew.
        let isBegun = isFinished || FileManager.default.fileExists(atPath: folder.checkpoints.path + "/last")
        guard isBegun else { return false }
        let again = "Train it again (--stage \(stage.name) --overwrite), or choose another --out."
        let changed = isFinished ? changes(of: stage, in: folder, info) : []
        guard changed.isEmpty else {
            throw UserError("the finished stage \(self[stage.name].path) is another one: \(changed.joined(separator: "; "))", hint: again)
        }
        for (_, name) in stage.recipe.stageReferences {
            let isOlder = run(name)?.finished.map { $0 > info.created } ?? false
            guard trainedNow.contains(name) || isOlder else { continue }
            throw UserError("the stage \(self[stage.name].path) was trained from an earlier run of '\(name)'", hint: again)
        }
        return isFinished
    }

    /// What a stage's network came from, by key path; what does not shape it stands in ``free``.
    private static let compared = ["seed", "data", "student", "teacher", "distillation", "loss", "optimizer", "schedule"]
    private static let free = [
        "data.root", "data.packed", "data.test", "data.targets", "data.evaluationCount", "data.loader.threads",
        "data.loader.cacheMegabytes", "teacher.cache",
    ]

    /// What the recipe says now, and did not when the stage was trained.
    private func changes(of stage: StagedRecipe.Stage, in folder: RunFolder, _ info: RunInfo) -> [String] {
        let recipe = stage.recipe
        guard let before = folder.readRecipe().flatMap(RecipeSettings.init(yaml:))?.values else {
            return ["its recipe.yaml is missing or damaged"]
        }
        let now = RecipeSettings(yaml: recipe.resolvedYAML)?.values ?? [:]
        // Where a stage is meant, its folder was written.
        let free = Self.free + recipe.stageReferences.map(\.key)
        func isAny(of paths: [String], _ key: String) -> Bool { paths.contains { key == $0 || key.hasPrefix($0 + ".") } }
        let keys = now.keys.sorted().filter { isAny(of: Self.compared, $0) && !isAny(of: free, $0) && before[$0] != nil }
        let pairs = keys.map { ($0, before[$0]!, now[$0]!) } + [("methods", info.method ?? "none", self.info(stage).method ?? "none")]
        return pairs.filter { $1 != $2 }.map { "\($0) was \($1), now \($2)" }
    }

    /// Refuses to begin where there is something already.
    func refuseExisting(_ names: [String]) throws {
        let there = names.compactMap { name in run(name).map { "\(name) (\($0.status.rawValue))" } }
        guard !there.isEmpty else { return }
        throw UserError(
            "\(folder.path) holds stages already: \(there.joined(separator: ", "))",
            hint: "Go on after what is finished with --resume, replace them with --overwrite, or choose another --out.")
    }
}
