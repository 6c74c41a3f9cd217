import Foundation
import Runs
import SegData
import Support
import Torch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Where a run stands: everything that its next step depends on besides tensors.
struct TrainingPosition: Codable, Equatable {
    /// Optimiser steps taken.
    var step: Int
    /// The next batch.
    var loader: LoaderPosition
    /// The next batch of unlabelled images, where there are any.
    var unlabelled: LoaderPosition?
    /// The best validation score so far (`EvaluationEvent.score`) and the step at which it was reached.
    var bestScore: Double?
    var bestStep: Int?

    static let start = TrainingPosition(step: 0, loader: .start)
}

/// The checkpoints of a run: `last`, to go on from, and `best`, to use.
///
/// A checkpoint is a folder that is written under another name, flushed and renamed; `last` and `best` are links that are
/// exchanged in one go. Whenever the process dies, both show a complete checkpoint, the old one or the new.
struct CheckpointStore {
    let folder: URL

    init(_ run: RunFolder) { folder = run.checkpoints }

    private static let positionFile = "position.json"
    private static let trainingFile = "training.safetensors"
    private static let modelFile = "model.safetensors"

    // MARK: Writing

    /// - Parameters:
    ///   - model: what is to be used later: the averaged weights when there are any.
    ///   - training: everything else that training goes on from.
    func writeLast(
        _ position: TrainingPosition, model: [(String, Tensor)], info: SavedModelInfo, training: [(String, Tensor)]
    ) throws {
        try write(link: "last", name: "step-\(position.step)") { url in
            try SavedModel.write(model, info, to: url.appendingPathComponent(Self.modelFile))
            try Tensor.save(training, to: url.appendingPathComponent(Self.trainingFile))
            try JSONFile.write(position, to: url.appendingPathComponent(Self.positionFile))
        }
    }

    func writeBest(model: [(String, Tensor)], info: SavedModelInfo) throws {
        try write(link: "best", name: "best-\(info.step)") { url in
            try SavedModel.write(model, info, to: url.appendingPathComponent(Self.modelFile))
        }
    }

    private func write(link: String, name: String, _ body: (URL) throws -> Void) throws {
        let files = FileManager.default
        let partial = folder.appendingPathComponent(".\(name).partial", isDirectory: true)
        try? files.removeItem(at: partial)
        do {
            try files.createDirectory(at: partial, withIntermediateDirectories: true)
            try body(partial)
            let final = folder.appendingPathComponent(name, isDirectory: true)
            // A folder of this name is left from a run that died before its link was set: the same content again.
            if files.fileExists(atPath: final.path) { try exchange(partial, final) } else { try files.moveItem(at: partial, to: final) }
            try point(link, to: name)
        } catch {
            try? files.removeItem(at: partial)
            throw (error as? any UserFacingError)
                ?? UserError("cannot write the checkpoint \(folder.path)/\(name): \(error.localizedDescription)")
        }
        removeUnlinked()
    }

    private func exchange(_ partial: URL, _ final: URL) throws {
        let old = folder.appendingPathComponent(".old-\(final.lastPathComponent).partial")
        try? FileManager.default.removeItem(at: old)
        try FileManager.default.moveItem(at: final, to: old)
        try FileManager.default.moveItem(at: partial, to: final)
        try? FileManager.default.removeItem(at: old)
    }

    private func point(_ link: String, to name: String) throws {
        let temporary = folder.appendingPathComponent(".\(link).link")
        unlink(temporary.path)
        guard symlink(name, temporary.path) == 0, rename(temporary.path, folder.appendingPathComponent(link).path) == 0 else {
            throw UserError("cannot set \(folder.path)/\(link): \(String(cString: strerror(errno)))")
        }
    }

    private func removeUnlinked() {
        let files = FileManager.default
        let kept = ["last", "best"].compactMap { try? files.destinationOfSymbolicLink(atPath: folder.appendingPathComponent($0).path) }
        for name in (try? files.contentsOfDirectory(atPath: folder.path)) ?? [] {
            let isCheckpoint = name.hasPrefix("step-") || name.hasPrefix("best-") || name.hasSuffix(".partial")
            if isCheckpoint, !kept.contains(name) { try? files.removeItem(at: folder.appendingPathComponent(name)) }
        }
    }

    // MARK: Reading

    /// The checkpoint to go on from; nil when the run has none yet.
    func readLast() throws -> (position: TrainingPosition, model: [String: Tensor], training: [String: Tensor])? {
        let last = folder.appendingPathComponent("last")
        guard FileManager.default.fileExists(atPath: last.path) else { return nil }
        return (
            try JSONFile.read(from: last.appendingPathComponent(Self.positionFile)),
            try Tensor.load(last.appendingPathComponent(Self.modelFile)),
            try Tensor.load(last.appendingPathComponent(Self.trainingFile))
        )
    }
}
