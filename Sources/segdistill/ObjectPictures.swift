import Foundation
import SegData
import SegEval
import Support

/// Pictures of what two evaluations of one data set found, from the files that they left.
struct ObjectPictures {
    let dataset: any Dataset
    let found: JudgedObjects
    let reference: JudgedObjects

    /// Writes `gain-RANK-NAME.png` and `loss-RANK-NAME.png`: image, true objects, those of the reference, those of the other.
    func write(to folder: URL) throws {
        let theirs = Dictionary(reference.ranked.map { ($0.image.name, $0) }, uniquingKeysWith: { first, _ in first })
        let gains = found.ranked.compactMap { own in
            theirs[own.image.name].map { (own: own.image, other: $0.image, gain: own.quality - $0.quality) }
        }.sorted { ($1.gain, $0.own.name) < ($0.gain, $1.own.name) }
        let indices = Dictionary((0..<dataset.count).map { (dataset.name($0), $0) }, uniquingKeysWith: { first, _ in first })
        for (kind, images) in [("gain", gains.filter { $0.gain > 0 }), ("loss", gains.reversed().filter { $0.gain < 0 })] {
            for (rank, image) in images.prefix(EvaluationPictures.count).enumerated() {
                guard let index = indices[image.own.name] else { throw UserError(imageGone: image.own.name) }
                let picture = ObjectPicture(try dataset.sample(index).image, classes: found.classes)
                    .tiles([(image.other, reference.threshold), (image.own, found.threshold)])
                try ScorePicture.write(picture, kind: kind, rank: rank + 1, name: image.own.name, to: folder)
            }
        }
    }
}

extension UserError {
    init(imageGone name: String) {
        self.init("the data have no image '\(name)', which was scored", hint: "They have changed since. Evaluate the run again.")
    }
}
