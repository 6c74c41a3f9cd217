import Foundation

extension DatasetKind {
    /// Mapillary Vistas 1.2 (Neuhold et al. 2017).
    static let mapillary = DatasetKind(
        "mapillary", "Mapillary Vistas 1.2", "streets of six continents, many sizes", classes: .mapillary65,
        instanceClasses: .mapillaryThings,
        ignored: "65 (unlabeled), 255", usual: UsualSplits(test: ["val"]), crop: Size(width: 1024, height: 512),
        license: "CC BY-NC-SA 4.0, after registration", source: "https://www.mapillary.com/dataset/vistas",
        layout: """
            training/images/*.jpg, training/labels/*.png (palette PNG), training/instances/*.png (16-bit)
            or, as shipped with version 2.0: training/images/*.jpg, training/v1.2/labels/*.png, training/v1.2/instances/*.png
            validation/ likewise for the split val; testing/images/*.jpg, without labels, for test
            """
    ) { request in
        let part = ["train": "training", "val": "validation", "test": "testing"][request.split]!
        let images = try request.folder("\(part)/images")
        guard part != "testing" else { return try request.dataset([FilePairing(images: images)]) }
        var pairing = FilePairing(images: images, labels: try request.folder("\(part)/v1.2/labels", "\(part)/labels"))
        if request.options.instances { pairing.objects = try request.folder("\(part)/v1.2/instances", "\(part)/instances") }
        return try request.dataset([pairing], .indices(ignoring: [65]), objects: .mapillary)
    }
}

extension ObjectReader {
    /// Class × 256 + number.
    static let mapillary: ObjectReader = {
        let things = ClassList.mapillary65.names.map { ClassList.mapillaryThings.index(of: $0) }
        return numbers { value in
            let label = Int(value >> 8)
            return label < things.count ? things[label].map { ($0, false) } : nil
        }
    }()
}
