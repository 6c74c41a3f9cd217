import Foundation

/// `../shared/weights` beside the repository, which only some machines have.
let sharedWeights: URL? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..").standardizedFileURL
    let weights = root.resolvingSymlinksInPath().deletingLastPathComponent().appendingPathComponent("shared/weights")
    return FileManager.default.fileExists(atPath: weights.path) ? weights : nil
}()
