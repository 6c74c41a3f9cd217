/// How whole a segmentation is, counted by class.
///
/// A *region* is an 8-connected component of a class in the truth, a *hole* a 4-connected part of a mask's complement that does not reach
/// the image's border. Ignored pixels belong to no class, in truth and in prediction.
public struct ConnectivityTally: Sendable, Equatable, Codable {
    /// Regions of the truth.
    public var regions: [Int]
    /// Of the rightly predicted part of each region, the 8-connected components beyond the first.
    public var surplus: [Int]
    /// Regions of which not one pixel was predicted rightly.
    public var missed: [Int]
    /// 8-connected components of the prediction.
    public var components: [Int]
    /// Components of the prediction without one pixel of their class.
    public var spurious: [Int]
    public var trueHoles: [Int]
    public var predictedHoles: [Int]

    public init(classes: Int) {
        let zeros = [Int](repeating: 0, count: classes)
        (regions, surplus, missed, components, spurious, trueHoles, predictedHoles) = (zeros, zeros, zeros, zeros, zeros, zeros, zeros)
    }

    public static func += (sum: inout ConnectivityTally, other: ConnectivityTally) {
        func add(_ part: WritableKeyPath<ConnectivityTally, [Int]>) {
            for index in sum[keyPath: part].indices { sum[keyPath: part][index] += other[keyPath: part][index] }
        }
        for part in [\ConnectivityTally.regions, \.surplus, \.missed, \.components, \.spurious, \.trueHoles, \.predictedHoles] { add(part) }
    }

    /// By class, surplus components per region; nil without regions.
    public var surplusPerRegion: [Double?] {
        zip(surplus, regions).map { $1 > 0 ? Double($0) / Double($1) : nil }
    }
}

/// Counts connectivity, one image after the other.
struct ConnectivityCounter {
    private let classes: Int
    private var truth: LabelRuns
    private var predicted: LabelRuns
    private var right: LabelRuns

    init(classes: Int) {
        self.classes = classes
        truth = LabelRuns(classes: classes)
        predicted = truth
        right = truth
    }

    /// - Parameters:
    ///   - agreement: the class where prediction and truth agree, 255 elsewhere.
    mutating func count(
        truth truthLabels: UnsafePointer<UInt8>, _ truthBorders: LabelBorders, prediction: UnsafePointer<UInt8>,
        _ predictionBorders: LabelBorders, agreement: UnsafePointer<UInt8>
    ) -> ConnectivityTally {
        let (width, height) = (truthBorders.steps.width, truthBorders.steps.height)
        truth.read(truthLabels, steps: truthBorders.steps)
        predicted.read(prediction, steps: predictionBorders.steps)
        right.read(agreement, steps: LabelBorders(agreement, width: width, height: height).steps)

        var tally = ConnectivityTally(classes: classes)
        (tally.regions, tally.trueHoles) = truth.topology()
        (tally.components, tally.predictedHoles) = predicted.topology()

        // A rightly predicted part lies in one region, and in one component of the prediction.
        var parts = [Int32](repeating: 0, count: truth.runs.count)
        var isHit = [Bool](repeating: false, count: predicted.runs.count)
        for y in 0..<height {
            var (region, component) = (truth.rows[y], predicted.rows[y])
            for index in right.rows[y]..<right.rows[y + 1] where Int(right.runs[Int(index)].label) < classes {
                let start = right.runs[Int(index)].start
                while truth.runs[Int(region)].end < start { region += 1 }
                while predicted.runs[Int(component)].end < start { component += 1 }
                isHit[Int(predicted.root(component))] = true
                if right.root(index) == index { parts[Int(truth.root(region))] += 1 }
            }
        }
        for index in truth.runs.indices where Int(truth.runs[index].label) < classes && truth.root(Int32(index)) == index {
            let label = Int(truth.runs[index].label)
            if parts[index] == 0 { tally.missed[label] += 1 } else { tally.surplus[label] += Int(parts[index]) - 1 }
        }
        for index in predicted.runs.indices
        where Int(predicted.runs[index].label) < classes && !isHit[index] && predicted.root(Int32(index)) == index {
            tally.spurious[Int(predicted.runs[index].label)] += 1
        }
        return tally
    }
}
