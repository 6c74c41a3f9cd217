import Foundation
import Support
import Vision

extension DatasetKind {
    /// GTA5 (Richter et al. 2016): frames of a video game with Cityscapes' label ids.
    static let gta5 = DatasetKind(
        "gta5", "GTA5", "frames of a video game, 1914×1052", classes: .cityscapes19, ignored: "all label ids without a train id",
        splits: ["train", "val", "test", "all"], crop: Size(width: 1024, height: 512),
        license: "for research; the game's frames are Rockstar's", source: "https://download.visinf.tu-darmstadt.de/data/from_games/",
        layout: """
            images/*.png (all parts in one folder)
            labels/*.png (palette PNG of label ids)
            split.mat (from the same page) for train, val and test; without it only the split all, which adaptation trains on
            """
    ) { request in
        var pairing = FilePairing(images: try request.folder("images"), labels: try request.folder("labels"))
        if request.split != "all" {
            let file = try request.file("split.mat", "mapping/split.mat")
            let numbers = try MatFile(contentsOf: file).numbers(request.split + "Ids")
            pairing.names = numbers.map { String(format: "%05d", Int($0)) }
        }
        return try request.dataset([pairing], .cityscapesIDs)
    }

    /// SYNTHIA-RAND-CITYSCAPES (Ros et al. 2016), in Cityscapes' classes: it has all but terrain, truck and train.
    static let synthia = DatasetKind(
        "synthia", "SYNTHIA-RAND-CITYSCAPES", "rendered streets, 1280×760", classes: .cityscapes19,
        ignored: "void, parking slot, road work, lane marking", splits: ["all"],
        usual: UsualSplits(train: ["all"], validation: ["all"], test: ["all"]), crop: Size(width: 1024, height: 512), hasOneSize: true,
        license: "CC BY-NC-SA 3.0", source: "https://synthia-dataset.net",
        layout: """
            RGB/*.png
            GT/LABELS/*.png (16-bit; the class in the red channel)
            Score it on Cityscapes with classMap: cityscapes16 or cityscapes13.
            """
    ) { request in
        let pairing = FilePairing(images: try request.folder("RGB"), labels: try request.folder("GT/LABELS"))
        return try request.dataset([pairing], .synthia)
    }
}

extension LabelCoding {
    /// SYNTHIA's 23 ids as Cityscapes' train ids, as in AdaptSegNet and its followers.
    static let synthia: LabelCoding = {
        let trainIDs: [UInt8: UInt8] = [
            3: 0, 4: 1, 2: 2, 21: 3, 5: 4, 7: 5, 15: 6, 9: 7, 6: 8, 16: 9, 1: 10, 10: 11, 17: 12, 8: 13, 18: 14, 19: 15, 20: 16, 12: 17,
            11: 18,
        ]
        return .redChannel(Dictionary(uniqueKeysWithValues: (0...22).map { (UInt8($0), trainIDs[UInt8($0)] ?? ClassList.ignore) }))
    }()
}
