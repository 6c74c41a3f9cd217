import Foundation
import Support
import Vision

/// What finds objects in pictures: the teacher of pseudo-labels.
public protocol ObjectFinder {
    /// What it tells apart.
    var objectClasses: ClassList { get }
    /// The objects of a picture in any order; they may overlap.
    func objects(in image: Image) throws -> [ScoredInstance]
}

extension PseudoLabels {
    /// Has a teacher find the objects of images and writes them to a file, whole or not at all.
    ///
    /// - Parameters:
    ///   - info: where they come from; with its threshold.
    ///   - progress: told how many images are done, of all.
    ///   - isCancelled: asked after each image; what is done stays beside the file, and the same call goes on.
    /// - Returns: nil when it was cancelled.
    /// - Throws: what the data set or the teacher throws; `UserError` when the disk is full.
    public static func write(
        _ finder: any ObjectFinder, in images: any Dataset, _ info: PseudoLabelInfo, to url: URL,
        progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }, isCancelled: () -> Bool = { false }
    ) throws -> PseudoLabels? {
        let names = try uniqueNames(of: images)
        let draft = try PseudoLabelDraft(for: url, info, classes: finder.objectClasses)
        for (index, name) in names.enumerated() where !draft.contains(name) {
            let image = try images.sample(index).image
            let objects = try finder.objects(in: image).painted(threshold: info.threshold)
            try draft.append(
                name, file: file(images.files(index).first, below: info.images) ?? name,
                size: Size(width: image.width, height: image.height), objects)
            progress(draft.count, names.count)
            if isCancelled() { return nil }
        }
        return try draft.finish(names)
    }

    /// The images' names, in their order.
    /// - Throws: `UserError` when two have one name, so that nobody could say whose objects are whose.
    static func uniqueNames(of images: any Dataset) throws -> [String] {
        let names = (0..<images.count).map(images.name)
        let twice = Dictionary(grouping: names.indices, by: { names[$0] }).values.filter { $0.count > 1 }.min { $0[0] < $1[0] }
        guard let twice else { return names }
        let files = twice.prefix(2).compactMap { images.files($0).first?.path }
        throw UserError(
            "two unlabelled images have the name '\(names[twice[0]])'" + (files.count == 2 ? ": \(files[0]) and \(files[1])" : ""),
            hint: "Objects are kept by the image's name: rename one of them.")
    }

    /// The file's path from a folder, or whole where it lies elsewhere.
    private static func file(_ url: URL?, below folder: String) -> String? {
        guard let path = url?.standardizedFileURL.path, !folder.isEmpty else { return nil }
        let root = URL(fileURLWithPath: folder, isDirectory: true).standardizedFileURL.path + "/"
        return path.hasPrefix(root) ? String(path.dropFirst(root.count)) : path
    }
}
