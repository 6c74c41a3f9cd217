import Foundation
import Support

/// The files below a folder, by their relative path without extension and suffix, in the order of those names.
package struct FolderListing {
    package let folder: URL
    package let names: [String]
    private let files: [String: URL]
    private let suffix: String

    /// - Throws: `UserError` when there is no such folder, it holds no such file, or two of its files have the same name.
    package init(_ folder: URL, extensions: Set<String>, suffix: String) throws {
        guard folder.isFolder, let paths = FileManager.default.enumerator(atPath: folder.path) else {
            throw UserError("\(folder.path): there is no such folder", hint: "Check the path.")
        }
        var files: [String: URL] = [:]
        for case let path as String in paths {
            let stem = (path as NSString).deletingPathExtension
            let isHidden = (path as NSString).lastPathComponent.hasPrefix(".")
            guard !isHidden, extensions.contains((path as NSString).pathExtension.lowercased()), stem.hasSuffix(suffix) else { continue }
            let name = String(stem.dropLast(suffix.count))
            let url = folder.appendingPathComponent(path)
            if let other = files.updateValue(url, forKey: name) {
                throw UserError(
                    "\(folder.path): \(other.lastPathComponent) and \(url.lastPathComponent) have the same name",
                    hint: "Rename or remove one of them: pairs are found by name.")
            }
        }
        guard !files.isEmpty else {
            throw UserError(
                "\(folder.path): expected files ending in \(extensions.sorted().map { suffix + "." + $0 }.joined(separator: ", ")), found none"
            )
        }
        self.folder = folder
        self.files = files
        self.suffix = suffix
        names = files.keys.sorted()
    }

    package subscript(name: String) -> URL? { files[name] }

    package func name(ofFile path: String) -> String {
        let stem = (path as NSString).deletingPathExtension
        return stem.hasSuffix(suffix) ? String(stem.dropLast(suffix.count)) : stem
    }
}
