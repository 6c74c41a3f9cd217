import ArgumentParser
import Foundation
import Recipes
import Runs
import Support
import Torch
import Train

/// A trained network named on the command line, with the run that it belongs to.
struct TrainedNetwork {
    let saved: SavedModel
    /// The run folder above the network's file; nil for a file that stands alone.
    let run: RunFolder?

    /// - Throws: `UserError` when there is no trained network at `path`.
    init(at path: String) throws {
        saved = try SavedModel(at: path)
        var folder = saved.url.resolvingSymlinksInPath().deletingLastPathComponent()
        var found: RunFolder?
        for _ in 0..<3 where found == nil {
            found = try? RunFolder.open(folder)
            folder.deleteLastPathComponent()
        }
        run = found
    }

    /// The recipe of the run, changed by `overrides`.
    /// - Throws: `RecipeError`; `UserError` for a file that belongs to no run.
    func recipe(_ overrides: [String]) throws -> Recipe {
        guard let run else {
            throw UserError(
                "\(saved.url.path) belongs to no run, so its data are not known", hint: "Name them: --data RECIPE", exitCode: .usage)
        }
        return try Recipe.load(run.recipeFile.path, overrides: overrides, catalog: .standard).recipe
    }

    /// `best`, `last`, or the file's path.
    var checkpointName: String {
        let folder = saved.url.deletingLastPathComponent().resolvingSymlinksInPath().lastPathComponent
        guard run != nil else { return saved.url.path }
        return folder.hasPrefix("best") ? "best" : folder.hasPrefix("step") ? "last" : folder
    }

    func network(_ recipe: Recipe, device: String?) throws -> Segmenter {
        let place = try device.map { try Device($0) } ?? Device(recipe.device)
        LibTorch.threads = recipe.threads ?? LibTorch.automaticThreads
        let network = Segmenter(
            try saved.load(), device: place, precision: recipe.student.precision, channelsLast: recipe.channelsLast)
        network.storeForInference()
        return network
    }
}
