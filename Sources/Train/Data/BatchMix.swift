import SegData
import Support
import Torch
import Vision

/// A mix of each sample of a batch with another of the same batch, as tensors on the batch's device: for methods that mix images, labels
/// and predictions alike. The host waits for nothing.
public struct BatchMix {
    /// Where the partner's pixels are taken: B×H×W truth values.
    public let mask: Tensor
    /// The partner of each sample, a place in the batch: B whole numbers.
    public let partners: Tensor

    /// CutMix (Yun et al. 2019): a rectangle of each partner, drawn as ``Augmentation/rectangle(in:_:)`` draws it.
    public static func cutMix(batch: Int, height: Int, width: Int, device: Device, _ random: inout SeededRandom) -> BatchMix {
        let partners = partners(batch, &random)
        let boxes = (0..<batch).map { _ in Augmentation.rectangle(in: Size(width: width, height: height), &random) }
        return BatchMix(boxes, height: height, width: width, partners: partners, device)
    }

    /// CutMix as UniMatch draws it: in a view, with some probability, a rectangle of `area` of the image and a height of `ratio` of its width,
    /// wherever it fits. The partners are the batch in reverse, so that the middle one of an odd number is its own.
    public static func reversedCutMix(
        batch: Int, height: Int, width: Int, probability: Double, device: Device, _ random: inout SeededRandom
    ) -> BatchMix {
        let boxes = (0..<batch).map { _ in
            random.unit() < probability ? fittingRectangle(in: Size(width: width, height: height), &random) : nil
        }
        return BatchMix(boxes, height: height, width: width, partners: (0..<batch).reversed().map(Int64.init), device)
    }

    /// Rectangles of 2 to 40 % of the image.
    private static func fittingRectangle(in size: Size, _ random: inout SeededRandom) -> PixelRegion {
        let area = random.uniform(0.02...0.4) * Double(size.width * size.height)
        // In an image many times longer than wide, a large area fits with none of the ratios.
        for _ in 0..<10_000 {
            let ratio = random.uniform(0.3...1 / 0.3)
            let (width, height) = (Int((area / ratio).squareRoot()), Int((area * ratio).squareRoot()))
            let (x, y) = (random.below(size.width), random.below(size.height))
            if x + width <= size.width && y + height <= size.height {
                return PixelRegion(columns: x..<x + width, rows: y..<y + height)
            }
        }
        return PixelRegion(columns: 0..<max(1, Int(area) / size.height), rows: 0..<size.height)
    }

    /// - Parameter boxes: where each partner's pixels are taken; nil: nowhere.
    private init(_ boxes: [PixelRegion?], height: Int, width: Int, partners: [Int64], _ device: Device) {
        func bound(_ value: (PixelRegion) -> Int) -> Tensor {
            Tensor(boxes.map { Int64($0.map(value) ?? 0) }, shape: [boxes.count, 1, 1], device: device)
        }
        let columns = Tensor.arange(0, width, device: device)
        let rows = Tensor.arange(0, height, device: device).unsqueeze(1)
        let across = (columns .>= bound { $0.columns.lowerBound }) .& (columns .< bound { $0.columns.upperBound })
        let down = (rows .>= bound { $0.rows.lowerBound }) .& (rows .< bound { $0.rows.upperBound })
        (mask, self.partners) = (across .& down, Tensor(partners, device: device))
    }

    /// ClassMix (Olsson et al. 2021): the pixels of half of the classes, rounded down, that each partner has.
    /// - Parameter labels: classes, also predicted ones: B×H×W whole numbers below 255; 255 is no class.
    public static func classMix(_ labels: Tensor, _ random: inout SeededRandom) -> BatchMix {
        let batch = labels.shape[0]
        let device = labels.device
        let partners = Tensor(partners(batch, &random), device: device)
        let flat = labels.indexSelect(0, partners).long.reshape([batch, -1])
        // Of each class and sample: whether it occurs.
        let known = Tensor((0..<256).map { Float($0 == Int(ClassList.ignore) ? 0 : 1) }, device: device)
        let ones = Tensor.ones([batch, 256], device: device)
        let present = Tensor.zeros([batch, 256], device: device).scatter(1, flat, Tensor.ones(flat.shape, device: device)) * known
        // The classes that occur come first, in random order.
        let scores = Tensor((0..<batch * 256).map { _ in Float(random.unit()) }, shape: [batch, 256], device: device)
        let order = (scores + (ones - present) * 2).sort(1).indices
        let places = Tensor.arange(0, 256, dtype: .float32, device: device).unsqueeze(0) * ones
        let rank = Tensor.zeros([batch, 256], device: device).scatter(1, order, places)
        let chosen = (rank + 1) .<= present.sum([1], keepDimensions: true) / 2
        return BatchMix(mask: chosen.gather(1, flat).reshape(labels.shape), partners: partners)
    }

    private init(mask: Tensor, partners: Tensor) { (self.mask, self.partners) = (mask, partners) }

    /// The mix of a tensor with itself: B×H×W, or with one dimension more.
    /// - Parameter channels: that dimension's place: 1 for predictions, 3 for a batch's bytes; nil for labels.
    public func callAsFunction(_ tensor: Tensor, channels: Int? = nil) -> Tensor {
        Tensor.where(channels.map { mask.unsqueeze($0) } ?? mask, tensor.indexSelect(0, partners), tensor)
    }

    /// Each sample's partner so many places on, in a ring: never itself, and each taken once.
    private static func partners(_ batch: Int, _ random: inout SeededRandom) -> [Int64] {
        let step = batch > 1 ? 1 + random.below(batch - 1) : 0
        return (0..<batch).map { Int64(($0 + step) % batch) }
    }
}
