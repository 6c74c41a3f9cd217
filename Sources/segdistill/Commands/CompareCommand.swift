import ArgumentParser
import Foundation
import Recipes
import Report
import Runs
import SegEval
import Support
import Train

/// `compare`: did distillation help?
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Says whether distillation helped: scores of runs, paired by seed and image, with confidence intervals.",
        discussion: """
            Runs that differ in nothing but their seed form an arm; every arm is compared with the plain student. \
            Runs that tell objects apart are compared by the average precision of their masks, with intervals over the seeds. \
            Three seeds or more are needed for a verdict. Arms must have been trained and scored alike: what differs beside \
            distillation is read from the run folders and refused, by the names of the conditions: \
            \(Condition.allCases.map(\.rawValue).joined(separator: ", ")).

            Examples:
              segdistill compare runs/camvid
              segdistill compare runs/camvid/plain-seed* runs/camvid/cwd-seed* --classes
              segdistill compare runs/camvid --reference kd --json > comparison.json
              segdistill compare runs/short runs/long --allow budget
            """)

    @Argument(help: "Run folders, or folders that contain them.", completion: .directory)
    var runs: [String]

    @Option(help: "The evaluation to compare, by its name in metrics/, such as test; by default the one that all runs have.")
    var metrics: String?

    @Option(help: "The arm that the others are compared with, instead of the plain student.")
    var reference: String?

    @Option(help: "In what arms may differ all the same, separated by commas, such as data,budget; all: in anything. The verdict says so.")
    var allow: String?

    @Option(help: "A folder for pictures of the images that gained and lost most against the reference.", completion: .directory)
    var pictures: String?

    @Flag(help: "Also the IoU of every class, with the differences and their intervals.")
    var classes = false

    @Flag(help: "Everything as JSON, scores as fractions.")
    var json = false

    func run() throws {
        let folders = try runFolders(runs)
        if ObjectComparison.isOf(folders) { return try compareObjects(folders) }
        let comparison = try Comparison(folders, metricsName: metrics, reference: reference, allowing: try allowed())
        if let pictures { try write(comparison, of: folders, to: URL(fileURLWithPath: pictures)) }
        guard json else {
            print(comparison.text)
            if classes { print("\n" + comparison.classText) }
            if classes, let domains = comparison.domains { print("\n" + domains.classText(comparison.classes)) }
            return
        }
        try printJSON(comparison)
    }

    private func compareObjects(_ folders: [RunFolder]) throws {
        let comparison = try ObjectComparison(folders, metricsName: metrics, reference: reference, allowing: try allowed())
        if let pictures { try write(comparison, of: folders, to: URL(fileURLWithPath: pictures)) }
        if json { return try printJSON(comparison) }
        print(comparison.text)
        if classes { print("\n" + comparison.classText) }
    }

    private func allowed() throws -> Set<Condition> {
        guard let allow else { return [] }
        if allow == "all" { return Set(Condition.allCases) }
        let names = Condition.allCases.map(\.rawValue)
        return Set(
            try allow.split(separator: ",").map { part in
                let name = part.trimmingCharacters(in: .whitespaces)
                if let condition = Condition(rawValue: name) { return condition }
                let near = nearestName(to: name, in: names).map { "Did you mean “\($0)”? " } ?? ""
                throw UserError(
                    "--allow: there is no condition “\(name)”", hint: "\(near)Conditions: \(names.joined(separator: ", ")), or all.",
                    exitCode: .usage)
            })
    }

    /// The arm's first run, and the reference's run of the same seed, or first.
    private func pair(_ arm: String, _ reference: String, of folders: [RunFolder]) throws -> (run: RunFolder, reference: RunFolder)? {
        func runs(_ arm: String) throws -> [RunFolder] {
            try folders.filter { folder in
                let info = try folder.readInfo()
                return [info.arm, "\(info.arm) (\(info.model))"].contains(arm)
            }
        }
        let (mine, theirs) = (try runs(arm), try runs(reference))
        guard let run = mine.first, let first = theirs.first else { return nil }
        let seed = try run.readInfo().seed
        return (run, try theirs.first { try $0.readInfo().seed == seed } ?? first)
    }

    /// For each arm but the teacher, pictures of its first run beside the reference's.
    private func write(_ comparison: Comparison, of folders: [RunFolder], to target: URL) throws {
        for difference in comparison.differences where comparison.arms.first(where: { $0.arm == difference.arm })?.role != .teacher {
            guard let (run, reference) = try pair(difference.arm, difference.reference, of: folders) else { continue }
            let recipe = try Recipe.load(run.recipeFile.path, catalog: .standard).recipe
            let pictures = EvaluationPictures(
                dataset: try recipe.data.dataset(ofEvaluation: comparison.split), predictions: run.predictions(named: comparison.split),
                reference: reference.predictions(named: comparison.split))
            let folder = target.appendingPathComponent(difference.arm)
            try pictures.write(difference.images.filter { $0.score > 0 }, "gain", to: folder)
            try pictures.write(difference.images.reversed().filter { $0.score < 0 }, "loss", to: folder)
        }
    }

    /// The same of objects.
    private func write(_ comparison: ObjectComparison, of folders: [RunFolder], to target: URL) throws {
        for difference in comparison.differences where comparison.arms.first(where: { $0.arm == difference.arm })?.role != .teacher {
            guard let (run, reference) = try pair(difference.arm, difference.reference, of: folders) else { continue }
            let recipe = try Recipe.load(run.recipeFile.path, catalog: .standard).recipe
            let pictures = ObjectPictures(
                dataset: try recipe.data.dataset(ofEvaluation: comparison.split), found: try objects(run, comparison.split),
                reference: try objects(reference, comparison.split))
            try pictures.write(to: target.appendingPathComponent(difference.arm))
        }
    }

    private func objects(_ run: RunFolder, _ split: String) throws -> JudgedObjects {
        if let objects = try run.judgedObjects(named: split) { return objects }
        throw UserError("\(run.url.path) did not keep what it found", hint: "Run segdistill evaluate on it again.")
    }
}

/// The runs that the paths name or contain, each once.
/// - Throws: `UserError` for a path without runs.
func runFolders(_ paths: [String]) throws -> [RunFolder] {
    var folders: [RunFolder] = []
    for path in paths {
        let url = URL(fileURLWithPath: path)
        let found = RunFolder.find(in: url)
        if found.isEmpty { _ = try RunFolder.open(url) }
        for folder in found where !folders.contains(folder) { folders.append(folder) }
    }
    return folders
}
