import Foundation

extension DatasetKind {
    /// ADE20K as the scene parsing challenge cut it (Zhou et al. 2017).
    static let ade20k = DatasetKind(
        "ade20k", "ADE20K", "rooms, streets and landscapes, 150 classes", classes: .ade150, instanceClasses: .ade100,
        ignored: "0 (other): classes are numbered from 1 on in the files", splits: ["train", "val", "test"],
        usual: UsualSplits(test: ["val"]), crop: Size(width: 512, height: 512),
        license: "ADE20K's terms: non-commercial; annotations BSD 3-Clause",
        source: "http://sceneparsing.csail.mit.edu (ADEChallengeData2016)",
        layout: """
            images/training/*.jpg, annotations/training/*.png (0: other, 1 to 150: the classes)
            images/validation, annotations/validation for val; images/testing, without labels, for test
            annotations_instance/training/*.png for objects (red: class 1 to 100, green: number)
            """
    ) { request in
        let part = ["train": "training", "val": "validation", "test": "testing"][request.split]!
        let base = request.path("ADEChallengeData2016").isFolder ? "ADEChallengeData2016/" : ""
        let images = try request.folder("\(base)images/\(part)")
        guard part != "testing" else { return try request.dataset([FilePairing(images: images)]) }
        var pairing = FilePairing(images: images, labels: try request.folder("\(base)annotations/\(part)"))
        if request.options.instances { pairing.objects = try request.folder("\(base)annotations_instance/\(part)") }
        return try request.dataset([pairing], .fromOne(count: 150), objects: .redClassGreenNumber(classes: 100))
    }
}
