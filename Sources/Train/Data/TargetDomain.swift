import Recipes
import Runs
import SegData
import Support

/// A data set that the trained network is tested on beside the one that it was trained for.
public struct TargetDomain {
    public let recipe: TargetRecipe
    /// Its test images, with the class map applied.
    public let dataset: any Dataset

    public var name: String { recipe.name }

    /// - Parameter classes: those of the source; nil where its labels are not read.
    /// - Throws: `UserError` when folders are missing, no image is called as the recipe says, or the classes are others.
    public init(_ recipe: TargetRecipe, classes: ClassList?) throws {
        self.recipe = recipe
        let all = try recipe.data.dataset(.test)
        dataset = recipe.only.isEmpty ? all : ChosenDataset(all, matching: recipe.only)
        guard dataset.count > 0 else {
            let names = (0..<min(3, all.count)).map(all.name).joined(separator: ", ")
            throw UserError(
                "data.targets: no image of '\(name)' is called like \(recipe.only.joined(separator: " or "))",
                hint: "Of its \(all.count) images the first are \(names).")
        }
        if let classes, dataset.classes.names != classes.names { throw otherClasses(classes) }
    }

    /// How it is tested: as the source, but for its own size.
    func evaluation(_ source: EvaluationRecipe) -> EvaluationRecipe {
        var evaluation = source
        evaluation.size = recipe.evaluationSize ?? source.size
        return evaluation
    }

    private func otherClasses(_ classes: ClassList) -> UserError {
        let maps = ClassMap.all(from: dataset.classes).filter { $0.value.target.names == classes.names }.keys.sorted()
        let hint =
            maps.first.map { "Give the target classMap: \($0)." }
            ?? "No map is known between them. Map both onto shared classes, such as data.classMap: common7 and the target's classMap: common7."
        return UserError(
            "data.targets: the classes of '\(name)' are \(dataset.classes.excerpt), but the source's are \(classes.excerpt)", hint: hint)
    }

    /// Refuses a target that shares images with what is trained on, or chooses the checkpoint.
    /// - Parameter sources: the source's data sets, each with the purpose that a message names.
    func checkApart(from sources: [(purpose: String, dataset: any Dataset)]) throws {
        for (purpose, source) in sources {
            let shared = try SharedImages(source, dataset).pairs
            guard let pair = shared.first else { continue }
            let count = shared.count == 1 ? "an image" : "\(shared.count) images"
            throw UserError(
                "data.targets: '\(name)' has \(count) of the source's \(purpose) data: \(pair.second.path) is \(pair.first.path)",
                hint: "A target shows how the network does on images that it has not learnt from. Choose other splits, or images (only).")
        }
    }
}

extension DataRecipe {
    /// The target domains, opened.
    /// - Parameter classes: those of the source; nil where its labels are not read.
    public func targetDomains(classes: ClassList?) throws -> [TargetDomain] {
        try targets.map { try TargetDomain($0, classes: classes) }
    }

    /// The images that the evaluation of that name scored: `train`, `val`, `test`, `target-NAME`.
    /// - Throws: also when the recipe has no target of that name.
    public func dataset(ofEvaluation name: String) throws -> any Dataset {
        if let purpose = ["train": Purpose.train, "val": .validation, "test": .test][name] { return try dataset(purpose) }
        guard let target = targets.first(where: { RunFolder.targetName($0.name) == name }) else {
            let known = targets.isEmpty ? "It has none." : "It has \(targets.map(\.name).joined(separator: ", "))."
            throw UserError("the recipe has no target for the evaluation '\(name)'", hint: known)
        }
        return try TargetDomain(target, classes: nil).dataset
    }
}
