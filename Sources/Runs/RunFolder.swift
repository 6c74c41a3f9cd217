import Foundation
import Support

/// One training run on disk.
///
/// ```
/// run.json            what the run is (RunInfo)
/// recipe.yaml         the recipe with every default filled in
/// environment.json    where it ran (RunEnvironment)
/// events.jsonl        one line a logged step or evaluation (RunEvent)
/// tensorboard/        the same events for TensorBoard
/// checkpoints/        last and best
/// metrics/NAME.json   evaluations with their confusion matrices (Metrics)
/// pictures/           predictions to look at (Picture)
/// predictions/NAME/   the label map of every image that the evaluation scored
/// pseudo-labels.json  the objects that a teacher found in unlabelled images (SegData's PseudoLabels)
/// put-aside.txt       samples that cannot be used, and why
/// preflight.json      what was found before training started (PreflightRecord)
/// replay/             steps whose loss was not a number, to be run again
/// report.html
/// ```
public struct RunFolder: Sendable, Equatable {
    /// What ``create(at:info:recipe:existing:)`` does when the folder is already a run.
    public enum Existing: Sendable {
        case refuse, resume, overwrite
    }

    public let url: URL

    /// The folder's own name, such as `kd-seed1`.
    public var name: String { url.standardizedFileURL.lastPathComponent }

    public var infoFile: URL { url.appendingPathComponent("run.json") }
    public var recipeFile: URL { url.appendingPathComponent("recipe.yaml") }
    public var environmentFile: URL { url.appendingPathComponent("environment.json") }
    public var eventsFile: URL { url.appendingPathComponent("events.jsonl") }
    /// The pixels of each class in every training image, where the sampling goes by them.
    public var classStatisticsFile: URL { url.appendingPathComponent("class-statistics.json") }
    public var preflightFile: URL { url.appendingPathComponent("preflight.json") }
    /// The samples that were left out because they cannot be used, a line each with the reason.
    public var putAsideFile: URL { url.appendingPathComponent("put-aside.txt") }
    /// The objects that the teacher of the unlabelled images found in them.
    public var pseudoLabelsFile: URL { url.appendingPathComponent("pseudo-labels.json") }
    public var replays: URL { folder("replay") }
    public var tensorBoard: URL { folder("tensorboard") }
    public var checkpoints: URL { folder("checkpoints") }
    public var metrics: URL { folder("metrics") }
    public var pictures: URL { folder("pictures") }
    /// Label maps as the evaluation of that name predicted them: a PNG for every image, by the sample's name.
    public func predictions(named name: String) -> URL { folder("predictions").appendingPathComponent(name, isDirectory: true) }
    public var reportFile: URL { url.appendingPathComponent("report.html") }

    private func folder(_ name: String) -> URL { url.appendingPathComponent(name, isDirectory: true) }

    private var ownEntries: [URL] {
        [
            infoFile, recipeFile, environmentFile, eventsFile, classStatisticsFile, tensorBoard, checkpoints, metrics, pictures,
            folder("predictions"), reportFile, preflightFile, replays, putAsideFile, pseudoLabelsFile,
            pseudoLabelsFile.appendingPathExtension("partial"),
        ]
    }

    /// Makes the folder for a new run, or takes up an old one.
    ///
    /// With `.resume`, an empty or missing folder starts from the beginning: the same command line then both
    /// starts a job and continues it. With `.overwrite`, everything that an earlier run wrote goes; files of
    /// any other origin stay.
    /// - Throws: `UserError` when the folder holds a run and `existing` is `.refuse`, when the run to be resumed is
    ///   another one than `info` describes, when the folder holds files but no run, or when it cannot be written.
    public static func create(at url: URL, info: RunInfo, recipe: String, existing: Existing = .refuse) throws -> RunFolder {
        let folder = RunFolder(url: url)
        if try folder.holdsRun() {
            switch existing {
            case .refuse: throw try folder.occupied()
            case .resume:
                try folder.checkSameRun(info)
                return folder
            case .overwrite: try folder.removeRun()
            }
        }
        do {
            for sub in [url, folder.tensorBoard, folder.checkpoints, folder.metrics, folder.pictures] {
                try FileManager.default.createDirectory(at: sub, withIntermediateDirectories: true)
            }
        } catch {
            throw UserError(
                "cannot make the run folder \(url.path): \(error.localizedDescription)",
                hint: "Check that you may write there, or choose another --out.")
        }
        try AtomicFile.write(Data(recipe.utf8), to: folder.recipeFile)
        try JSONFile.write(info, to: folder.infoFile)
        return folder
    }

    /// An existing run, for reading.
    /// - Throws: `UserError` when `url` is not a run folder, saying which runs lie inside it if any do.
    public static func open(_ url: URL) throws -> RunFolder {
        let folder = RunFolder(url: url)
        if FileManager.default.fileExists(atPath: folder.infoFile.path) { return folder }
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw UserError("there is no run folder \(url.path)", hint: "Give the folder that train or distill wrote (--out).")
        }
        let inside = find(in: url).prefix(3).map(\.url.path)
        throw UserError(
            "\(url.path) is not a run folder: it has no run.json",
            hint: inside.isEmpty
                ? "Give the folder that train or distill wrote (--out)." : "Runs inside it: \(inside.joined(separator: ", "))")
    }

    /// `url` itself if it is a run, else the runs up to three folders below it, by path. Of stages, which lie side by side, the last that there
    /// is: it holds the network that all were for.
    public static func find(in url: URL) -> [RunFolder] {
        func search(_ url: URL, _ depth: Int) -> [RunFolder] {
            let folder = RunFolder(url: url)
            if FileManager.default.fileExists(atPath: folder.infoFile.path) { return [folder] }
            guard depth > 0 else { return [] }
            let entries = (try? FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: [.isDirectoryKey])) ?? []
            let folders = entries.filter { (try? $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true }
            let found = folders.sorted { $0.path.localizedStandardCompare($1.path) == .orderedAscending }.flatMap { search($0, depth - 1) }
            let stages = found.filter { $0.isBelow(url) && $0.stage != nil }
            let last = stages.max { $0.stage!.number < $1.stage!.number }
            return found.filter { !stages.contains($0) || $0 == last }
        }
        return search(url, 3)
    }

    /// The last stage that there is in the folder of a run of several; nil for any other folder.
    public static func lastStage(in url: URL) -> RunFolder? { find(in: url).first { $0.isBelow(url) && $0.stage != nil } }

    private var stage: RunInfo.Stage? { try? readInfo().stage }

    private func isBelow(_ folder: URL) -> Bool {
        url.standardizedFileURL.deletingLastPathComponent().path == folder.standardizedFileURL.path
    }

    /// The stages that this run goes back to, itself the last of them; only itself where it is no stage of another.
    public func stages() throws -> [RunFolder] {
        guard let own = try readInfo().stage else { return [self] }
        let whole = url.standardizedFileURL.deletingLastPathComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: whole.path)) ?? []
        let others = names.map { RunFolder(url: whole.appendingPathComponent($0, isDirectory: true)) }
        let earlier = others.filter { $0.stage.map { $0.count == own.count && $0.number < own.number } ?? false }
        return earlier.sorted { $0.stage!.number < $1.stage!.number } + [self]
    }

    // MARK: - Reading and writing

    public func readInfo() throws -> RunInfo { try JSONFile.read(from: infoFile) }

    public func writeInfo(_ info: RunInfo) throws { try JSONFile.write(info, to: infoFile) }

    /// Reads, changes and writes back `run.json`.
    public func updateInfo(_ change: (inout RunInfo) -> Void) throws {
        var info = try readInfo()
        change(&info)
        try writeInfo(info)
    }

    /// The resolved recipe's text; nil when there is none.
    public func readRecipe() -> String? { try? String(contentsOf: recipeFile, encoding: .utf8) }

    public func readEnvironment() throws -> RunEnvironment? {
        guard FileManager.default.fileExists(atPath: environmentFile.path) else { return nil }
        return try JSONFile.read(from: environmentFile)
    }

    public func writeEnvironment(_ environment: RunEnvironment) throws { try JSONFile.write(environment, to: environmentFile) }

    // MARK: - Occupied folders

    private func holdsRun() throws -> Bool {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { return false }
        guard isFolder.boolValue else {
            throw UserError("\(url.path) is a file, not a folder", hint: "Choose another --out.")
        }
        if FileManager.default.fileExists(atPath: infoFile.path) { return true }
        let others = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        guard others.allSatisfy({ $0.hasPrefix(".") }) else {
            throw UserError(
                "\(url.path) holds files that are no run of segdistill (\(others.sorted().prefix(3).joined(separator: ", ")))",
                hint: "Choose an empty or a new folder with --out.")
        }
        return false
    }

    private func occupied() throws -> UserError {
        let info = try? readInfo()
        if info?.status == .finished {
            return UserError("\(url.path) holds a finished run", hint: "Choose another --out, or replace the run with --overwrite.")
        }
        return UserError(
            "\(url.path) holds a run that has not finished",
            hint: "Continue it with --resume, replace it with --overwrite, or choose another --out.")
    }

    private func checkSameRun(_ info: RunInfo) throws {
        let differences = info.differences(from: try readInfo())
        guard differences.isEmpty else {
            throw UserError(
                "the run in \(url.path) is another one: \(differences.joined(separator: "; "))",
                hint: "Resume with the recipe that started it (recipe.yaml in the run folder), or choose another --out.")
        }
    }

    private func removeRun() throws {
        for entry in ownEntries where FileManager.default.fileExists(atPath: entry.path) {
            do {
                try FileManager.default.removeItem(at: entry)
            } catch {
                throw UserError("cannot overwrite \(entry.path): \(error.localizedDescription)", hint: "Choose another --out.")
            }
        }
    }
}
