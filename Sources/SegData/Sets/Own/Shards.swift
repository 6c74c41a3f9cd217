import Foundation
import Support

extension DatasetKind {
    /// One's own data in tar shards.
    static let shards = DatasetKind(
        "shards", "tar shards", "your images and label PNGs in WebDataset's layout", classes: nil, ignored: "255 and what `ignore` lists",
        splits: [], crop: Size(width: 512, height: 512), license: "yours", source: "your own files",
        layout: """
            SPLIT/*.tar or SPLIT-*.tar: the files of a sample follow each other, KEY.jpg and KEY.png (pixel = class index),
            or KEY.png and KEY.label.png; other files of a key are passed over
            classes.txt (a name a line) or classes.json
            """, settings: [.classes, .ignore]
    ) { request in
        let inside = request.path(request.split)
        let folder = inside.isFolder ? inside : request.root
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted().filter { name in
            name.hasSuffix(".tar") && (inside.isFolder || request.split == "." || name.hasPrefix(request.split))
        }
        guard !names.isEmpty else { throw request.missing(["\(request.split)/*.tar", "\(request.split)-*.tar"]) }
        return try ShardDataset(
            names.map(folder.appendingPathComponent), classes: request.options.classes ?? ClassList([]), ignoring: request.options.ignoring)
    }
}
