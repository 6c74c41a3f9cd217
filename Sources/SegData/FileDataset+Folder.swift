import Foundation
import Support

extension FileDataset {
    /// Pairs the images below one folder with the label PNGs below another.
    ///
    /// An image and its labels have the same path below their folders apart from extension and suffix: `images/a/01.jpg` and
    /// `labels/a/01.png`; with the suffixes `_image` and `_label`, `images/a/01_image.jpg` and `labels/a/01_label.png`.
    ///
    /// - Parameters:
    ///   - labels: nil for a data set without labels.
    ///   - list: a text file that chooses the images, one name a line (extension and suffix may be left out); all when nil.
    ///   - ignoring: label values besides 255 that stand for no class.
    ///   - allowUnlabelled: takes images without labels instead of refusing them.
    /// - Throws: `UserError` when a folder or a listed image is missing, or images and labels do not pair up.
    public init(
        images: URL, labels: URL?, list: URL? = nil, classes: ClassList, ignoring: Set<UInt8> = [], imageSuffix: String = "",
        labelSuffix: String = "", allowUnlabelled: Bool = false
    ) throws {
        let imageFiles = try FolderListing(images, extensions: ["jpg", "jpeg", "png"], suffix: imageSuffix)
        let labelFiles = try labels.map { try FolderListing($0, extensions: ["png"], suffix: labelSuffix) }
        let names = try list.map { try Self.read(list: $0, from: imageFiles) } ?? imageFiles.names
        if let labelFiles {
            let unlabelled = names.filter { labelFiles[$0] == nil }
            guard allowUnlabelled || unlabelled.isEmpty else {
                let expected = labelFiles.folder.appendingPathComponent(unlabelled[0] + labelSuffix + ".png").path
                throw UserError(
                    "\(images.path): \(unlabelled.count) of \(names.count) images have no labels: \(excerpt(unlabelled))",
                    hint: "Expected for example \(expected). Add the labels, or allow unlabelled images.")
            }
            let known = Set(imageFiles.names)
            let orphans = labelFiles.names.filter { !known.contains($0) }
            guard list != nil || orphans.isEmpty else {
                throw UserError(
                    "\(labelFiles.folder.path): \(orphans.count) of \(labelFiles.names.count) label files have no image: \(excerpt(orphans))",
                    hint: "Expected images with the same names below \(images.path). Add them, remove the labels, or give a list of images."
                )
            }
        }
        let items = names.map { Item(name: $0, image: imageFiles[$0]!, labels: labelFiles?[$0]) }
        self.init(items: items, classes: classes, ignoring: ignoring)
    }

    private static func read(list: URL, from images: FolderListing) throws -> [String] {
        guard let data = FileManager.default.contents(atPath: list.path) else {
            throw UserError("\(list.path): cannot read the list of images")
        }
        let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
        let wanted = lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
        let names = wanted.map { images[$0] != nil ? $0 : images.name(ofFile: $0) }
        let missing = zip(wanted, names).filter { images[$1] == nil }.map(\.0)
        guard missing.isEmpty else {
            throw UserError(
                "\(list.path): \(missing.count) of \(names.count) listed images are not below \(images.folder.path): \(excerpt(missing))")
        }
        guard !names.isEmpty else { throw UserError("\(list.path): the list names no image") }
        return names
    }
}

/// The files below a folder, by their relative path without extension and suffix, in the order of those names.
private struct FolderListing {
    let folder: URL
    let names: [String]
    private let files: [String: URL]
    private let suffix: String

    init(_ folder: URL, extensions: Set<String>, suffix: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue,
            let paths = FileManager.default.enumerator(atPath: folder.path)
        else {
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

    subscript(name: String) -> URL? { files[name] }

    func name(ofFile path: String) -> String {
        let stem = (path as NSString).deletingPathExtension
        return stem.hasSuffix(suffix) ? String(stem.dropLast(suffix.count)) : stem
    }
}

/// The first few of the names, for messages.
private func excerpt(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
}
