import Foundation
import Recipes
import Runs
import Support
import Torch
import Train

/// The runs of the demo: one teacher, and for every seed a plain and a distilled student.
struct Demo {
    private let runs: [(recipe: Recipe, folder: String)]

    /// - Throws: `RecipeError` when the built-in recipes do not fit this program.
    init(out: String, seeds: Int) throws {
        let teacher = "\(out)/teacher-seed0"
        var runs = [(recipe: try DemoRecipe.teacher.load().recipe, folder: teacher)]
        for seed in 0..<seeds {
            let plain = try DemoRecipe.plain.load(["seed=\(seed)"]).recipe
            var distilled = try DemoRecipe.distilled.load(["seed=\(seed)"]).recipe
            distilled.teacher?.checkpoint = teacher
            runs += [(plain, "\(out)/plain-seed\(seed)"), (distilled, "\(out)/distilled-seed\(seed)")]
        }
        self.runs = runs
    }

    /// Trains what is not finished yet, under one progress bar.
    func train(overwrite: Bool) throws {
        try LibTorch.load()
        let unfinished = runs.filter { overwrite || !Self.isFinished($0.folder) }
        guard !unfinished.isEmpty else { return }
        let steps = unfinished.map { $0.recipe.schedule.steps ?? 0 }
        let bar = TrainingDisplay.SharedBar("demo", total: steps.reduce(0, +))
        for (run, steps) in zip(unfinished, steps) {
            let label = URL(fileURLWithPath: run.folder).lastPathComponent
            try TrainingRun(run.recipe, folder: run.folder, existing: overwrite ? .overwrite : .resume)
                .train(TrainingDisplay(label, shared: bar))
            bar.advance(by: steps)
        }
        bar.bar.finish()
    }

    private static func isFinished(_ folder: String) -> Bool {
        (try? RunFolder.open(URL(fileURLWithPath: folder)).readInfo().status) == .finished
    }
}
