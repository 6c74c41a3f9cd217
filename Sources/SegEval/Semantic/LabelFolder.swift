import Foundation
import Support

/// A folder of label maps, a PNG for every image: `NAME.png`, with the name's slashes as folders.
public enum LabelFolder {
    /// Where the label map of the sample called `name` lies.
    /// - Throws: `UserError` when the name would lead out of `folder`.
    public static func file(_ name: String, in folder: URL) throws -> URL {
        let parts = name.split(separator: "/")
        guard !parts.isEmpty, !parts.contains("..") else { throw UserError("the sample's name '\(name)' is no path inside a folder") }
        return folder.appendingPathComponent(parts.joined(separator: "/") + ".png")
    }

    /// Writes an encoded label map, with the folders above it.
    public static func write(_ encoded: Data, named name: String, in folder: URL) throws {
        let file = try file(name, in: folder)
        let parent = file.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        } catch {
            throw UserError("cannot make the folder \(parent.path): \(error.localizedDescription)")
        }
        try AtomicFile.write(encoded, to: file)
    }
}
