import Foundation
import Recipes
import Runs

/// Under which conditions a run was trained and scored, as far as it says.
struct RunConditions: Sendable {
    /// By the key's path in the recipe, and by `steps`, `protocol` and others that do not stand there.
    let values: [String: String]
    /// The files that are missing, so that what they would say is unknown.
    let missing: [String]

    /// - Parameter scored: how, and which checkpoint.
    init(
        _ folder: RunFolder, _ info: RunInfo, _ scored: (protocolName: String, checkpoint: String)?, _ targets: [LoadedRun.Target] = []
    ) throws {
        let settings = folder.readRecipe().flatMap(RecipeSettings.init(yaml:))?.values ?? [:]
        let environment = try folder.readEnvironment()
        // A resolved recipe names the student.
        var missing = settings["student.model"] == nil ? ["recipe.yaml"] : []
        if environment == nil { missing.append("environment.json") }
        self.missing = missing

        var values = settings
        for key in ["data.root", "student.weights", "student.checkpoint", "student.encoder"] {
            values[key] = values[key].map(Self.plainPath)
        }
        if info.stage != nil { try Self.name(stages: folder.stages(), in: &values) }
        values["student.model"] = info.model
        values["data.dataset"] = info.dataset
        values["steps"] = String(info.steps)
        values["status"] = info.status.rawValue
        if let batch = settings["data.loader.batchSize"].flatMap(Int.init) {
            let accumulated = settings["optimizer.accumulate"].flatMap(Int.init) ?? 1
            values["images seen"] = String(info.steps * batch * accumulated)
            let hasOthers = settings.keys.contains { $0.hasPrefix("data.unlabelled.") }
            let beside = hasOthers ? settings["data.unlabelled.batchSize"].flatMap(Int.init) ?? batch : 0
            values["unlabelled images seen"] = String(info.steps * beside * accumulated)
        }
        values["training images"] = info.trainingImages.map(String.init)
        values["training data"] = info.trainingData
        if let precision = info.precision {
            // What came of the recipe's wish counts.
            values["precision"] = precision
            values["student.precision"] = nil
        }
        values["segdistill"] = environment?.segdistill
        values["libTorch"] = environment?.libTorch
        values["device"] = environment.map { "\($0.device), \($0.deviceName)" }
        values["threads"] = environment.map { String($0.threads) }
        values["protocol"] = scored?.protocolName
        for target in targets { values["protocol.\(target.name)"] = target.metrics.protocolName }
        values["scored checkpoint"] = scored.map { ["best", "last"].contains($0.checkpoint) ? $0.checkpoint : "a file" }
        self.values = values
    }

    /// What a run has from its earlier stages belongs to its method, not to what it started from.
    private static func name(stages: [RunFolder], in values: inout [String: String]) throws {
        let earlier = try stages.dropLast().map { stage in
            let info = try stage.readInfo()
            return (name: stage.name, text: "\(info.method ?? "plain"), \(info.steps) steps on \(info.dataset)")
        }
        for stage in earlier { values["stages.\(stage.name)"] = stage.text }
        for key in ["student.encoder", "student.checkpoint", "teacher.checkpoint"] {
            guard let path = values[key], let stage = earlier.first(where: { path.hasSuffix("/" + $0.name) }) else { continue }
            values["stages.\(key)"] = stage.name
            values[key] = "none"
            if key == "student.encoder" { (values["stages.freeze"], values["student.freeze"]) = (values["student.freeze"], "none") }
        }
    }

    /// `./data/` and `data` are one folder.
    private static func plainPath(_ path: String) -> String {
        var path = path
        while path.hasPrefix("./") { path.removeFirst(2) }
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
