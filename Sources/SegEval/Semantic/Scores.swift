/// Scores of a semantic segmentation, computed from pixel counts. Fractions, not per cent.
///
/// A class that never occurs in the truth has no score and enters no mean. Means of nothing are NaN.
public struct Scores: Sendable, Equatable, Codable {
    /// TP / (TP + FP + FN) by class: intersection over union, the Jaccard index.
    public let classIoU: [Double?]
    /// 2 TP / (2 TP + FP + FN) by class.
    public let classDice: [Double?]
    /// TP / (TP + FN) by class: recall.
    public let classAccuracy: [Double?]
    /// The mean of `classIoU` over the classes that occur: mIoU.
    public let meanIoU: Double
    public let meanDice: Double
    /// The mean of `classAccuracy` over the classes that occur.
    public let meanAccuracy: Double
    /// Correct pixels over all pixels.
    public let pixelAccuracy: Double
    /// `classIoU` weighted by the classes' shares of the true pixels.
    public let frequencyWeightedIoU: Double

    /// - Parameters:
    ///   - confusion: K rows of K pixel counts, `confusion[truth][predicted]`; ignored pixels are in none.
    ///   - outside: by true class, the pixels predicted as none of the classes: missed, and nobody's false alarm.
    public init(confusion: [[Int64]], outside: [Int64]? = nil) {
        let count = confusion.count
        precondition(confusion.allSatisfy { $0.count == count }, "a confusion matrix is square")
        self.init(
            intersection: confusion.indices.map { confusion[$0][$0] },
            truth: confusion.indices.map { confusion[$0].reduce(outside?[$0] ?? 0, +) },
            predicted: confusion.indices.map { column in confusion.reduce(0) { $0 + $1[column] } })
    }

    /// - Parameters:
    ///   - intersection: by class, the pixels of the class that were predicted as such.
    ///   - truth: by class, the pixels of the class.
    ///   - predicted: by class, the pixels predicted as the class.
    public init(intersection: [Int64], truth: [Int64], predicted: [Int64]) {
        precondition(intersection.count == truth.count && truth.count == predicted.count, "one count a class each")
        func ratios(_ numerator: (Int) -> Int64, _ denominator: (Int) -> Int64) -> [Double?] {
            truth.indices.map { truth[$0] > 0 ? Double(numerator($0)) / Double(denominator($0)) : nil }
        }
        let iou = ratios({ intersection[$0] }, { truth[$0] + predicted[$0] - intersection[$0] })
        classIoU = iou
        classDice = ratios({ 2 * intersection[$0] }, { truth[$0] + predicted[$0] })
        classAccuracy = ratios({ intersection[$0] }, { truth[$0] })
        meanIoU = Self.mean(classIoU)
        meanDice = Self.mean(classDice)
        meanAccuracy = Self.mean(classAccuracy)
        let pixels = Double(truth.reduce(0, +))
        pixelAccuracy = Double(intersection.reduce(0, +)) / pixels
        frequencyWeightedIoU = truth.indices.reduce(0) { $0 + Double(truth[$1]) * (iou[$1] ?? 0) } / pixels
    }

    private static func mean(_ values: [Double?]) -> Double {
        let known = values.compactMap(\.self)
        return known.reduce(0, +) / Double(known.count)
    }
}
