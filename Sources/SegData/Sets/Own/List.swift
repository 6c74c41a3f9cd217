import Foundation
import Support

extension DatasetKind {
    /// A list of one's own files.
    static let list = DatasetKind(
        "list", "a list of files", "your images and label PNGs, wherever they are", classes: nil, ignored: "255 and what `ignore` lists",
        splits: [], crop: Size(width: 512, height: 512), license: "yours", source: "your own files",
        layout: """
            SPLIT.txt (or .tsv): an image's path, a tab, and its label PNG's path, a line each; without labels the image's path alone
            relative paths start from the root
            classes.txt (a name a line) or classes.json
            """, settings: [.classes, .ignore]
    ) { request in
        let list = try request.file(request.split, request.split + ".txt", request.split + ".tsv")
        return try ListDataset(list, classes: request.options.classes ?? ClassList([]), ignoring: request.options.ignoring)
    }
}
