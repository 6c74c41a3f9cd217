import Foundation
import Support

extension DatasetKind {
    /// Nuclei of the Data Science Bowl 2018 (Caicedo et al. 2019).
    static let dsb2018 = DatasetKind(
        "dsb2018", "Data Science Bowl 2018", "nuclei of cells under the microscope", classes: .nuclei,
        instanceClasses: ClassList(names: ["nucleus"]), ignored: "nothing",
        splits: ["train", "val", "test", "stage1_train"], crop: Size(width: 256, height: 256), license: "CC0",
        source: "https://bbbc.broadinstitute.org/BBBC038 (stage1_train.zip)",
        layout: """
            stage1_train/ID/images/ID.png, stage1_train/ID/masks/*.png (one file an object), or these folders in the root
            or images/ID.png, instances/ID.png (8- or 16-bit numbers of the objects)
            train.txt, val.txt, test.txt with the IDs of a split, one a line; the official stage1_train takes all
            """
    ) { request in
        let names = request.split == "stage1_train" ? nil : try listedLines(request.file(request.split + ".txt"))
        let numbers = request.path("instances")
        let base: any Dataset
        if numbers.isFolder {
            let pairing = FilePairing(images: try request.folder("images"), objects: numbers, names: names)
            base = try FileDataset(
                [pairing], classes: .nuclei, instanceClasses: request.kind.instanceClasses, objects: .numbers { _ in (0, false) })
        } else {
            base = FileDataset(
                items: try filePerObject(request, names), classes: .nuclei, coding: .indices(ignoring: []),
                instanceClasses: request.kind.instanceClasses, objects: .filePerObject)
        }
        return PaintedDataset(base, keepsInstances: request.options.instances)
    }

    private static func filePerObject(_ request: DatasetRequest, _ names: [String]?) throws -> [FileDataset.Item] {
        let stage = request.path("stage1_train")
        let folder = stage.isFolder ? stage : request.root
        let all = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { folder.appendingPathComponent("\($0)/masks").isFolder }.sorted()
        guard !all.isEmpty else { throw request.missing(["stage1_train", "instances"]) }
        return try (names ?? all).map { name in
            let image = folder.appendingPathComponent("\(name)/images/\(name).png")
            guard image.isThere else { throw UserError("\(image.path): there is no such file", hint: "It is listed for the split.") }
            return FileDataset.Item(name: name, image: image, labels: nil, objects: folder.appendingPathComponent("\(name)/masks"))
        }
    }
}

extension ClassList {
    static let nuclei = ClassList([Entry("background", [0, 0, 0]), Entry("nucleus", [0, 200, 120])])
}
