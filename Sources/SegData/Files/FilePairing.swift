import Foundation
import Support

/// Which files belong together: images, their labels and their objects have the same path below their folders, apart from
/// extension and suffix. `images/a/01_image.jpg` and `labels/a/01_label.png` have the suffixes `_image` and `_label`.
struct FilePairing {
    var images: URL
    var imageSuffix = ""
    /// Nil for images without labels.
    var labels: URL?
    var labelSuffix = ""
    var labelExtension = "png"
    var objects: URL?
    var objectSuffix = ""
    var objectExtension = "png"
    /// The names that are wanted; all when nil.
    var names: [String]?
    /// A file with the names that are wanted, one a line; extension and suffix may be left out.
    var list: URL?
    /// Whether a name is wanted; all are when nil.
    var isWanted: (@Sendable (String) -> Bool)?
    /// What every name begins with, besides its path below the folder.
    var prefix = ""
    /// Whether images without labels are samples too.
    var allowsUnlabelled = false

    struct Result {
        var items: [FileDataset.Item] = []
        /// What is wrong with the pairs, if anything.
        var problem: UserError?
        /// The files that are in no pair.
        var leftOut: [LeftOut] = []
    }

    /// - Throws: `UserError` when a folder or a listed image is missing.
    func pair() throws -> Result {
        let imageFiles = try FolderListing(images, extensions: ["jpg", "jpeg", "png"], suffix: imageSuffix)
        let labelFiles = try labels.map { try FolderListing($0, extensions: [labelExtension], suffix: labelSuffix) }
        let objectFiles = try objects.map { try FolderListing($0, extensions: [objectExtension], suffix: objectSuffix) }
        var names = try list.map { try Self.read(list: $0, from: imageFiles) } ?? self.names ?? imageFiles.names
        if let isWanted { names = names.filter(isWanted) }
        var result = Result()
        if let labelFiles { check(names, imageFiles, labelFiles, &result) }
        let isPaired: (String) -> Bool = { labelFiles == nil || allowsUnlabelled || labelFiles?[$0] != nil }
        result.items = names.filter { isPaired($0) && imageFiles[$0] != nil }.map {
            FileDataset.Item(name: prefix + $0, image: imageFiles[$0]!, labels: labelFiles?[$0], objects: objectFiles?[$0])
        }
        return result
    }

    private func check(_ names: [String], _ imageFiles: FolderListing, _ labelFiles: FolderListing, _ result: inout Result) {
        let unlabelled = allowsUnlabelled ? [] : names.filter { labelFiles[$0] == nil }
        let known = Set(imageFiles.names)
        let orphans = list != nil || self.names != nil ? [] : labelFiles.names.filter { !known.contains($0) }
        result.leftOut =
            unlabelled.map { LeftOut(name: prefix + $0, message: "\(imageFiles[$0]?.path ?? $0): the image has no labels") }
            + orphans.map { LeftOut(name: prefix + $0, message: "\(labelFiles[$0]!.path): the label file has no image") }
        if !unlabelled.isEmpty {
            let expected = labelFiles.folder.appendingPathComponent(unlabelled[0] + labelSuffix + "." + labelExtension).path
            result.problem = UserError(
                "\(images.path): \(unlabelled.count) of \(names.count) images have no labels: \(excerpt(unlabelled))",
                hint: "Expected for example \(expected). Add the labels, or allow unlabelled images.")
        } else if !orphans.isEmpty {
            result.problem = UserError(
                "\(labelFiles.folder.path): \(orphans.count) of \(labelFiles.names.count) label files have no image: \(excerpt(orphans))",
                hint: "Expected images with the same names below \(images.path). Add them, remove the labels, or give a list of images.")
        }
    }

    private static func read(list: URL, from images: FolderListing) throws -> [String] {
        let wanted = try listedLines(list)
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

/// The lines of a list of names, without comments and empty ones.
func listedLines(_ list: URL) throws -> [String] {
    guard let data = FileManager.default.contents(atPath: list.path) else {
        throw UserError("\(list.path): cannot read the list of images")
    }
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    return lines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
}

/// The first few of the names, for messages.
func excerpt(_ names: [String]) -> String {
    names.prefix(3).joined(separator: ", ") + (names.count > 3 ? ", …" : "")
}
