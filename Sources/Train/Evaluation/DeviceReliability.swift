import SegData
import SegEval
import Torch

/// The reliability curve's histograms, added up on the device and read once.
final class DeviceReliability {
    private let bins = Reliability.standardBins
    /// For wrong and for right predictions a count and a sum of confidences a bin, and one more bin for ignored pixels.
    private var counts: Tensor
    private var confidences: Tensor

    init(device: Device) {
        counts = Tensor.zeros([2 * (bins + 1)], dtype: .int64, device: device)
        confidences = Tensor.zeros([2 * (bins + 1)], dtype: .float64, device: device)
    }

    /// - Parameters:
    ///   - confidence: B×H×W, of the predicted class.
    ///   - prediction: B×H×W class indices.
    ///   - labels: B×H×W class indices, 255 = ignore.
    func add(_ confidence: Tensor, _ prediction: Tensor, _ labels: Tensor) {
        let confidence = confidence.to(.float64)
        // ⌈x⌉ = −⌊−x⌋
        let bin = ((confidence * Double(-bins)).floor() * -1).clamp(min: 1, max: Double(bins)) - 1
        let isRight = (prediction.long .== labels.long).to(.int64)
        let place = (bin.maskedFill(labels .== Double(ClassList.ignore), Double(bins)).long + isRight * (bins + 1)).flatten()
        counts = counts.scatterAdd(0, place, place.onesLike())
        confidences = confidences.scatterAdd(0, place, confidence.flatten())
    }

    /// Waits for the device.
    func read() -> Reliability {
        let (counts, confidences) = (counts.array(of: Int64.self), confidences.array(of: Double.self))
        let right = bins + 1
        return Reliability(
            counts: (0..<bins).map { counts[$0] + counts[right + $0] }, correct: Array(counts[right..<right + bins]),
            confidences: (0..<bins).map { confidences[$0] + confidences[right + $0] })
    }
}
