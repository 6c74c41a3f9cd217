import Torch

/// How a network wants its pixels: (value · scale − mean) / std in its own order of channels.
public struct Normalization: Sendable, Equatable {
    public enum ChannelOrder: String, Sendable {
        case rgb = "RGB"
        case bgr = "BGR"
    }

    public let order: ChannelOrder
    /// What brings a value of 0…255 to the unit of `mean` and `std`.
    public let scale: Double
    /// In the order of `order`.
    public let mean: [Double]
    public let std: [Double]

    public init(order: ChannelOrder = .rgb, scale: Double = 1 / 255.0, mean: [Double], std: [Double]) {
        self.order = order
        self.scale = scale
        self.mean = mean
        self.std = std
    }

    /// RGB in 0…1 with ImageNet's statistics: torchvision's, timm's and EdgeNets' convention.
    public static let imageNet = Normalization(mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])

    /// −1 to 1: that of Google's networks in TensorFlow.
    static let half = Normalization(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])

    /// ESPNet's: BGR, (x − mean) / std / 255 with statistics in 0…255.
    static func espnet(mean: [Double], std: [Double]) -> Normalization {
        Normalization(order: .bgr, scale: 1, mean: mean, std: std.map { $0 * 255 })
    }
}

/// A ``Normalization`` as one multiplication and one addition, with its constants on a device.
final class Normalizer {
    private static let addcmul = Operator("aten::addcmul")

    let device: Device
    private let factor: Tensor
    private let shift: Tensor
    private let isReversed: Bool

    init(_ normalization: Normalization, on device: Device) {
        let factors = normalization.std.map { normalization.scale / $0 }
        let shifts = zip(normalization.mean, normalization.std).map { -$0 / $1 }
        self.device = device
        factor = Tensor(factors.map(Float.init), shape: [1, factors.count, 1, 1], device: device)
        shift = Tensor(shifts.map(Float.init), shape: [1, shifts.count, 1, 1], device: device)
        isReversed = normalization.order == .bgr
    }

    /// B×H×W×3 bytes to B×3×H×W float32, channels last: the bytes are looked at from another side, not moved.
    func callAsFunction(_ images_BHWC: Tensor) -> Tensor {
        let ordered = isReversed ? images_BHWC.flip([3]) : images_BHWC
        return Self.addcmul(shift, ordered.permute(0, 3, 1, 2), factor)
    }
}
