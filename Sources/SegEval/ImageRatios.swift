/// One image's part in a score that is, by class, one sum over the images divided by another: IoU, boundary IoU, boundary F1.
public struct ImageRatios: Sendable, Equatable {
    /// The sample's name.
    public var image: String
    public var numerator: [Double]
    public var denominator: [Double]
    /// True pixels: a class without any in all of the images has no score.
    public var truth: [Double]

    /// - Precondition: one number a class each.
    public init(image: String, numerator: [Double], denominator: [Double], truth: [Double]) {
        precondition(numerator.count == truth.count && denominator.count == truth.count, "one number a class each")
        self.image = image
        self.numerator = numerator
        self.denominator = denominator
        self.truth = truth
    }

    /// IoU of these pixels.
    public init(image: String, _ tally: ClassTally) {
        let union = tally.truth.indices.map { Double(tally.truth[$0] + tally.predicted[$0] - tally.intersection[$0]) }
        self.init(image: image, numerator: tally.intersection.map(Double.init), denominator: union, truth: tally.truth.map(Double.init))
    }

    /// IoU.
    public init(_ image: ImageTally) {
        self.init(
            image: image.image, ClassTally(intersection: image.intersection, truth: image.truth, predicted: image.predicted))
    }
}

extension [ImageRatios] {
    /// The score of every class over all of the images; nil for classes that the truth lacks.
    public var classScores: [Double?] {
        guard var sum = first else { return [] }
        for image in dropFirst() {
            for index in sum.truth.indices {
                sum.numerator[index] += image.numerator[index]
                sum.denominator[index] += image.denominator[index]
                sum.truth[index] += image.truth[index]
            }
        }
        return sum.truth.indices.map { sum.truth[$0] > 0 ? sum.numerator[$0] / sum.denominator[$0] : nil }
    }
}

/// A trained model's result on a test set.
public struct SeedResult: Sendable, Equatable {
    public var seed: Int
    /// The mean over the classes, on the whole set, as a fraction: mIoU.
    public var score: Double
    /// By class; nil for classes that the truth lacks.
    public var classScores: [Double?]
    /// Empty when the images were not kept apart.
    public var images: [ImageRatios]

    /// - Parameter classScores: by default those of the images.
    public init(seed: Int, score: Double, classScores: [Double?]? = nil, images: [ImageRatios]) {
        self.seed = seed
        self.score = score
        self.classScores = classScores ?? images.classScores
        self.images = images
    }

    /// IoU, by the images' counts.
    public init(seed: Int, meanIoU: Double, images: [ImageTally]) {
        self.init(seed: seed, score: meanIoU, images: images.map(ImageRatios.init))
    }
}

extension [SeedResult] {
    /// Each run's mean over several test sets, given the runs' results on every set; a class's over the sets that have it.
    init(meanOf sets: [[SeedResult]]) {
        guard sets.count > 1 else {
            self = sets.first ?? []
            return
        }
        func mean(_ values: [Double]) -> Double? { values.isEmpty ? nil : values.reduce(0, +) / Double(values.count) }
        self = sets[0].indices.map { run in
            let results = sets.map { $0[run] }
            let classes = results[0].classScores.indices.map { index in mean(results.compactMap { $0.classScores[index] }) }
            return SeedResult(seed: results[0].seed, score: mean(results.map(\.score))!, classScores: classes, images: [])
        }
    }
}
