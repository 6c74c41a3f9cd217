import Foundation
import Support

extension DatasetKind {
    /// One's own images and label PNGs.
    public static let folder = DatasetKind(
        "folder", "a folder of your own", "your images and label PNGs", classes: nil, ignored: "255 and what `ignore` lists", splits: [],
        crop: Size(width: 512, height: 512), license: "yours", source: "your own files",
        layout: """
            images/SPLIT/**/*.jpg or *.png, labels/SPLIT/**/*.png: same names, pixel = class index
            or images/, labels/, and SPLIT.txt with the names of the split's images, one a line
            classes.txt (a name a line) or classes.json
            """, settings: [.classes, .images, .labels, .imageSuffix, .labelSuffix, .ignore]
    ) { request in
        let options = request.options
        let (images, labels) = (request.path(options.images ?? "images"), request.path(options.labels ?? "labels"))
        let split = request.split
        let list = request.path(split.hasSuffix(".txt") ? split : split + ".txt")
        let hasFolder = split != "." && images.appendingPathComponent(split).isThere
        guard split == "." || hasFolder || list.isThere else {
            throw UserError(
                "there is no split '\(split)': expected the folder \(images.appendingPathComponent(split).path) or the list \(list.path)",
                hint: "Put the images of a split into a folder, or list their names in a text file, one a line; "
                    + "'.' takes all images below \(images.path).")
        }
        let pairing = FilePairing(
            images: hasFolder ? images.appendingPathComponent(split) : images, imageSuffix: options.imageSuffix,
            labels: options.hasLabels ? (hasFolder ? labels.appendingPathComponent(split) : labels) : nil, labelSuffix: options.labelSuffix,
            list: hasFolder || split == "." ? nil : list)
        return try FileDataset(
            [pairing], classes: options.classes ?? ClassList([]), coding: .indices(ignoring: options.ignoring),
            leavingOutUnpaired: options.leavesOutUnpaired)
    }
}
