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
            "A recipe, NAME:FOLDER (camvid:…, cityscapes:…), street-scenes, street-scenes@fog:0.8, or a folder of your own.",
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
    /// - Parameter leavingOutUnpaired: whether images without labels, and labels without an image, are listed instead of refused.
    func datasets(leavingOutUnpaired: Bool = false) throws -> [(name: String, dataset: any Dataset)] {
        let recipe = try dataRecipe()
        var names: [String] = []
        for name in recipe.train.names + recipe.validation.names + recipe.test.names where !names.contains(name) { names.append(name) }
        if let split { names = [split] }
        return try names.map { name in
            let dataset = try recipe.dataset(splits: [name], leavingOutUnpaired: leavingOutUnpaired)
            return (name, limit.map { SpreadDataset(dataset, limit: $0) } ?? dataset)
        }
    }

    /// The split that is asked for, or those that a recipe trains on; not cut into tiles.
    func trainingSet() throws -> any Dataset {
        let recipe = try dataRecipe()
        return try recipe.images(of: split.map { NameList([$0]) } ?? recipe.train)
    }

    /// Whether a recipe is named.
    var isRecipe: Bool { source.hasSuffix(".yaml") || source.hasSuffix(".yml") }

    func dataRecipe() throws -> DataRecipe {
        if isRecipe {
            let document = try Recipe.load(source, catalog: .standard)
            try document.checkPaths()
            return document.recipe.data
        }
        if let (kind, domain) = try domain {
            var data = recipe(kind, in: "")
            (data.domain, data.severity) = (domain.kind.rawValue, domain.severity)
            return data
        }
        let parts = source.split(separator: ":", maxSplits: 1).map(String.init)
        guard let name = parts.first, let kind = DatasetKind.all.first(where: { $0.name == name }), parts.count == 2 || !source.isFolder
        else { return try own(.folder, in: source) }
        guard parts.count == 2 || !kind.settings.contains(.root) else {
            throw UserError("'\(source)' needs a folder", hint: "Write \(source):FOLDER", exitCode: .usage)
        }
        let root = parts.count == 2 ? parts[1] : ""
        return kind.splits.isEmpty ? try own(kind, in: root) : recipe(kind, in: root)
    }

    /// `street-scenes@fog:0.8`: a built-in set in one of its domains.
    private var domain: (kind: DatasetKind, domain: StreetScenes.Domain)? {
        get throws {
            guard let at = source.firstIndex(of: "@"),
                let kind = DatasetKind.all.first(where: { $0.name == source[..<at] && !$0.domains.isEmpty })
            else { return nil }
            return (kind, try .init(parsing: String(source[source.index(after: at)...])))
        }
    }

    private func recipe(_ kind: DatasetKind, in root: String) -> DataRecipe {
        var data = DataRecipe()
        data.dataset = DatasetSchema(kind)
        (data.train, data.validation, data.test) = (data.dataset.train, data.dataset.validation, data.dataset.test)
        data.root = root
        data.instances = kind.settings.contains(.instances)
        return data
    }

    private func own(_ kind: DatasetKind, in root: String) throws -> DataRecipe {
        var data = recipe(kind, in: root)
        if kind.settings.contains(.classes) { data.classes = ClassesRecipe(file: try classFile(in: root)) }
        var splits = ["train", "val", "test"].filter { name in
            let places =
                kind.settings.contains(.images)
                ? ["images/\(name)", "\(name).txt", "\(name).json", "instances_\(name).json", "annotations/instances_\(name).json"]
                : [name, "\(name).txt", "\(name).tsv"]
            return places.contains { FileManager.default.fileExists(atPath: "\(root)/\($0)") }
        }
        if splits.isEmpty, kind.name == "coco-json" { splits = annotationFiles(in: root) }
        data.train = NameList(splits.isEmpty ? ["."] : splits)
        (data.validation, data.test) = (data.train, data.train)
        return data
    }

    /// The splits of `annotations/instances_SPLIT.json`, whatever they are called.
    private func annotationFiles(in root: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/annotations")) ?? []
        return names.filter { $0.hasPrefix("instances_") && $0.hasSuffix(".json") }.sorted().map { String($0.dropFirst(10).dropLast(5)) }
    }

    private func classFile(in folder: String) throws -> String {
        let files = FileManager.default
        guard files.fileExists(atPath: folder) else {
            let nearest = nearestName(to: folder, in: DatasetKind.all.map(\.name)).map { "Did you mean \($0)? " } ?? ""
            throw UserError(
                "there is no data '\(folder)': it is neither a folder nor a known name",
                hint: nearest + "segdistill data list shows what can be named; paths start from \(files.currentDirectoryPath).")
        }
        if let found = ["classes.json", "classes.txt", "data.yaml"].first(where: { files.fileExists(atPath: "\(folder)/\($0)") }) {
            return found
        }
        throw UserError(
            "\(folder): expected classes.txt or classes.json, found neither",
            hint: "Write classes.txt with a class name a line, in the order of the label values, or give a recipe instead.")
    }
}

extension String {
    fileprivate var isFolder: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: self, isDirectory: &isFolder) && isFolder.boolValue
    }
}
