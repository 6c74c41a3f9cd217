import Foundation
import Support

extension DatasetKind {
    /// ISPRS' Potsdam, cut into tiles, or whole.
    static let potsdam = isprs(
        "potsdam", "ISPRS Potsdam", summary: "aerial images at 5 cm",
        train: [
            "2_10", "2_11", "2_12", "3_10", "3_11", "3_12", "4_10", "4_11", "4_12", "5_10", "5_11", "5_12", "6_10", "6_11", "6_12", "6_7",
            "6_8", "6_9", "7_10", "7_11", "7_12", "7_7", "7_8", "7_9",
        ],
        val: ["2_13", "2_14", "3_13", "3_14", "4_13", "4_14", "4_15", "5_13", "5_14", "5_15", "6_13", "6_14", "6_15", "7_13"],
        images: "2_Ortho_RGB", labels: "5_Labels_all", imageName: { "top_potsdam_\($0)_RGB" }, labelName: { "top_potsdam_\($0)_label" })

    /// ISPRS' Vaihingen, cut into tiles, or whole.
    static let vaihingen = isprs(
        "vaihingen", "ISPRS Vaihingen", summary: "aerial images at 9 cm: infrared, red, green",
        train: [1, 3, 5, 7, 11, 13, 15, 17, 21, 23, 26, 28, 30, 32, 34, 37].map(String.init),
        val: [2, 4, 6, 8, 10, 12, 14, 16, 20, 22, 24, 27, 29, 31, 33, 35, 38].map(String.init),
        images: "top", labels: "gts_for_participants", imageName: { "top_mosaic_09cm_area\($0)" },
        labelName: { "top_mosaic_09cm_area\($0)" })

    private static func isprs(
        _ name: String, _ title: String, summary: String, train: [String], val: [String], images: String, labels: String,
        imageName: @escaping @Sendable (String) -> String, labelName: @escaping @Sendable (String) -> String
    ) -> DatasetKind {
        DatasetKind(
            name, title, summary, classes: .isprs6, ignored: "tiles: 0 (border); whole pictures: black", splits: ["train", "val"],
            usual: UsualSplits(test: ["val"]), crop: Size(width: 512, height: 512), license: "for research, after registration",
            source: "https://www.isprs.org/education/benchmarks/UrbanSemLab",
            layout: """
                img_dir/SPLIT/*.png, ann_dir/SPLIT/*.png: tiles as mmsegmentation cuts them (0: border, 1 to 6: the classes)
                or whole pictures: \(images)/\(imageName("*")).png, \(labels)/\(labelName("*")).png (six colours)
                The pictures are shipped as TIFF: save them as PNG first, pixel by pixel, with any tool.
                """
        ) { request in
            if request.path("img_dir").isFolder {
                let pairing = FilePairing(
                    images: try request.folder("img_dir/\(request.split)"), labels: try request.folder("ann_dir/\(request.split)"))
                return try request.dataset([pairing], .fromOne(count: 6))
            }
            let areas = request.split == "train" ? train : val
            let (imageFolder, labelFolder) = (try request.folder(images, "img_dir"), try request.folder(labels))
            let items = try areas.map { area in
                FileDataset.Item(
                    name: area, image: try request.picture(imageFolder, imageName(area)),
                    labels: try request.picture(labelFolder, labelName(area)))
            }
            return FileDataset(items: items, classes: .isprs6, coding: .colors(of: .isprs6))
        }
    }
}

extension DatasetRequest {
    /// A PNG; where there is a TIFF of that name instead, its refusal says what to do.
    fileprivate func picture(_ folder: URL, _ name: String) throws -> URL {
        let file = folder.appendingPathComponent(name + ".png")
        if file.isThere { return file }
        if folder.appendingPathComponent(name + ".tif").isThere {
            throw UserError(
                "\(folder.path)/\(name).tif: TIFF files are not read",
                hint: "Save the folder's pictures as PNG, pixel by pixel, for example: mogrify -format png '\(folder.path)/*.tif'")
        }
        throw UserError("\(file.path): there is no such file", hint: "Expected for \(kind.title):\n\(indented(kind.layout, by: 4))")
    }
}

extension ClassList {
    /// The six classes of Potsdam and Vaihingen, in their colours.
    public static let isprs6 = ClassList(
        table: """
            impervious surface 255 255 255
            building 0 0 255
            low vegetation 0 255 255
            tree 0 255 0
            car 255 255 0
            clutter 255 0 0
            """)
}
