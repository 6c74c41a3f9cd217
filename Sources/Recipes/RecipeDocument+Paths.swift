import Foundation

extension RecipeDocument {
    /// Refuses files and folders that the recipe names and that are not there.
    /// - Throws: ``RecipeError`` with all of them.
    public func checkPaths() throws {
        var paths: [(key: String, path: String)] = []
        if recipe.data.dataset.isFiles { paths.append(("data.root", recipe.data.root)) }
        if let file = recipe.data.classes.file { paths.append(("data.classes", recipe.data.root + "/" + file)) }
        for (index, target) in recipe.data.targets.enumerated() where target.data.dataset.isFiles {
            paths.append(("data.targets.\(index).root", target.data.root))
            if let file = target.data.classes.file { paths.append(("data.targets.\(index).classes", target.data.root + "/" + file)) }
        }
        if let list = recipe.data.labelled { paths.append(("data.labelled", list)) }
        if let unlabelled = recipe.data.unlabelled {
            if let folder = unlabelled.folder { paths.append(("data.unlabelled.images", folder)) }
            if let teacher = unlabelled.teacher { paths.append(("data.unlabelled.teacher", teacher)) }
            if let file = unlabelled.pseudoLabels { paths.append(("data.unlabelled.pseudoLabels", file)) }
        }
        if let packed = recipe.data.packed { paths.append(("data.packed", packed)) }
        for (key, model) in [("teacher", recipe.teacher), ("student", recipe.student)] {
            if let model, model.isFolder { paths.append(("\(key).model", model.model + "/config.json")) }
            if let weights = model?.weights { paths.append(("\(key).weights", weights)) }
            if let checkpoint = model?.checkpoint { paths.append(("\(key).checkpoint", checkpoint)) }
            if let encoder = model?.encoder { paths.append(("\(key).encoder", encoder)) }
        }
        if let map = recipe.teacher?.classMap, map.contains("/") || map.contains(".") { paths.append(("teacher.classMap", map)) }
        let files = FileManager.default
        let missing = paths.filter { StageReference.stage(in: $0.path) == nil && !files.fileExists(atPath: $0.path) }
        guard !missing.isEmpty else { return }
        throw RecipeError(
            file: file,
            problems: missing.map { key, path in
                let from = path.hasPrefix("/") ? "" : ", looked for from the current folder \(files.currentDirectoryPath)"
                return .init(
                    location: locations[key] ?? .file(line: 1, column: 1), path: key,
                    message: "there is no '\(path)'\(from)")
            })
    }
}
