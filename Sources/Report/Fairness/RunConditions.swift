import Foundation
import Recipes
import Runs

/// Under which conditions a run was trained and scored, as far as it says.
struct RunConditions: Sendable {
    /// By the key's path in the recipe, and by `steps`, `protocol` and others that do not stand there.
    let values: [String: String]
    /// The files that are missing, so that what they would say is unknown.
    let missing: [String]

    init(_ folder: RunFolder, _ info: RunInfo, _ metrics: Metrics?, _ targets: [LoadedRun.Target] = []) throws {
        let settings = folder.readRecipe().flatMap(RecipeSettings.init(yaml:))?.values ?? [:]
        let environment = try folder.readEnvironment()
        // A resolved recipe names the student.
        var missing = settings["student.model"] == nil ? ["recipe.yaml"] : []
        if environment == nil { missing.append("environment.json") }
        self.missing = missing

        var values = settings
        for key in ["data.root", "student.weights", "student.checkpoint", "student.encoder"] { values[key] = values[key].map(Self.plainPath) }
        values["student.model"] = info.model
        values["data.dataset"] = info.dataset
        values["steps"] = String(info.steps)
        values["status"] = info.status.rawValue
        if let batch = settings["data.loader.batchSize"].flatMap(Int.init) {
            let accumulated = settings["optimizer.accumulate"].flatMap(Int.init) ?? 1
            values["images seen"] = String(info.steps * batch * accumulated)
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
        values["protocol"] = metrics?.protocolName
        for target in targets { values["protocol.\(target.name)"] = target.metrics.protocolName }
        values["scored checkpoint"] = metrics.map { ["best", "last"].contains($0.checkpoint) ? $0.checkpoint : "a file" }
        self.values = values
    }

    /// `./data/` and `data` are one folder.
    private static func plainPath(_ path: String) -> String {
        var path = path
        while path.hasPrefix("./") { path.removeFirst(2) }
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return path
    }
}
