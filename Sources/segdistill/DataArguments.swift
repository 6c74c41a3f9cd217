import ArgumentParser
import Foundation
import Recipes
import SegData
import Support
import Train

/// Data named on the command line: by a recipe, by name and folder, or by folder alone.
struct DataArguments: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A recipe, NAME:FOLDER (camvid:…, idd-lite:…), street-scenes, or a folder of your own.",
            discussion: "A folder holds images/, labels/ and classes.txt or classes.json.", valueName: "data"),
        completion: .file())
    var source: String

    @Option(help: "Only this split, such as train, val or test.")
    var split: String?

    @Option(help: "Only this many images of each split, spread evenly over it.")
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("expected a --limit of at least 1, found \(limit)") }
    }

    /// Every split that is asked for, by name.
    func datasets() throws -> [(name: String, dataset: any Dataset)] {
        let recipe = try dataRecipe()
        var names: [String] = []
        for name in recipe.train.names + recipe.validation.names + recipe.test.names where !names.contains(name) { names.append(name) }
        if let split { names = [split] }
        return try names.map { name in
            var part = recipe
            part.train = [name]
            let dataset = try part.dataset(.train)
            return (name, limit.map { SpreadDataset(dataset, limit: $0) } ?? dataset)
        }
    }

    private func dataRecipe() throws -> DataRecipe {
        if source.hasSuffix(".yaml") || source.hasSuffix(".yml") {
            let document = try Recipe.load(source, catalog: .standard)
            try document.checkPaths()
            return document.recipe.data
        }
        let parts = source.split(separator: ":", maxSplits: 1).map(String.init)
        var data = DataRecipe()
        if let known = parts.first.flatMap(DataRecipe.Source.init(rawValue:)), known != .folder {
            data.dataset = known
            if known == .iddLite { data.test = ["val"] }
            guard known == .streetScenes || parts.count == 2 else {
                throw UserError("'\(source)' needs a folder", hint: "Write \(source):FOLDER", exitCode: .usage)
            }
            if parts.count == 2 { data.root = parts[1] }
            return data
        }
        data.dataset = .folder
        data.root = source
        data.classes = ClassesRecipe(file: try classFile(in: source))
        let splits = ["train", "val", "test"].filter { name in
            ["\(source)/images/\(name)", "\(source)/\(name).txt"].contains { FileManager.default.fileExists(atPath: $0) }
        }
        data.train = NameList(splits.isEmpty ? ["."] : splits)
        data.validation = data.train
        data.test = data.train
        return data
    }

    private func classFile(in folder: String) throws -> String {
        let files = FileManager.default
        guard files.fileExists(atPath: folder) else {
            let names = DataRecipe.Source.allCases.map(\.rawValue)
            let nearest = nearestName(to: folder, in: names).map { "Did you mean \($0)? " } ?? ""
            throw UserError(
                "there is no data '\(folder)': it is neither a folder nor a known name",
                hint: nearest + "segdistill data list shows what can be named; paths start from \(files.currentDirectoryPath).")
        }
        if let found = ["classes.json", "classes.txt"].first(where: { files.fileExists(atPath: "\(folder)/\($0)") }) { return found }
        throw UserError(
            "\(folder): expected classes.txt or classes.json, found neither",
            hint: "Write classes.txt with a class name a line, in the order of the label values, or give a recipe instead.")
    }
}
