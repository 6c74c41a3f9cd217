import SegData
import Torch

/// Counts how often each true class was predicted as each class, image by image, without leaving the device.
///
/// Pixels labelled 255 are left out. Read with ``read()`` at the end, which waits for the device once.
public final class ConfusionMatrix {
    public let classes: Int
    private var total: Tensor
    /// For each batch: B×3×K intersections, true pixels, predicted pixels.
    private var perImage: [Tensor] = []

    public init(classes: Int, device: Device = .cpu) {
        self.classes = classes
        total = Tensor.zeros([classes, classes], dtype: .int64, device: device)
    }

    /// Adds a batch.
    /// - Parameters:
    ///   - prediction: B×H×W class indices below K.
    ///   - labels: B×H×W class indices, 255 = ignore.
    public func add(_ prediction: Tensor, _ labels: Tensor) {
        let batch = labels.size(0)
        let bins = classes * classes + 1
        let truth = labels.long
        let ignored = truth .== Double(ClassList.ignore)
        let pair = (truth * classes + prediction.long).maskedFill(ignored, Double(bins - 1))
        let image = Tensor.arange(0, batch, device: labels.device).reshape(batch, 1) * bins
        let counts = histogram((pair.reshape(batch, -1) + image).flatten(), bins: batch * bins)
            .reshape(batch, bins)[.all, 0..<(bins - 1)]
            .reshape(batch, classes, classes)
        total.add_(counts.sum(0))
        let hits = Tensor.einsum("bkk->bk", counts)
        perImage.append(Tensor.stack([hits, counts.sum(2), counts.sum(1)], 1))
    }

    /// bincount finds its length on the host, which on a GPU would wait for the device.
    private func histogram(_ values: Tensor, bins: Int) -> Tensor {
        if values.device == .cpu { return values.bincount(minLength: bins) }
        return Tensor.zeros([bins], dtype: .int64, device: values.device).scatterAdd(0, values, values.onesLike())
    }

    /// The counts on the host: `confusion[truth][predicted]`, and for each image, in the order added, [intersection, truth, predicted].
    public func read() -> (confusion: [[Int64]], images: [[[Int64]]]) {
        let flat = total.array(of: Int64.self)
        let confusion = stride(from: 0, to: flat.count, by: classes).map { Array(flat[$0..<$0 + classes]) }
        guard !perImage.isEmpty else { return (confusion, []) }
        let rows = Tensor.concatenate(perImage).array(of: Int64.self)
        let images = stride(from: 0, to: rows.count, by: 3 * classes).map { start in
            (0..<3).map { Array(rows[start + $0 * classes..<start + ($0 + 1) * classes]) }
        }
        return (confusion, images)
    }
}
