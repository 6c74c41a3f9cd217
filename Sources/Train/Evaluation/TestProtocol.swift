import SegData
import Torch

/// How images are tested. Scores are always taken at the labels' own size.
public struct TestProtocol: Sendable, Equatable {
    public enum Mode: Sendable, Equatable {
        /// The image in one piece.
        case whole
        /// Overlapping windows of `window`, `stride` apart; scores are averaged where they overlap.
        case slide(window: Size, stride: Size)
    }

    public var mode: Mode
    /// Sizes at which each image is seen; the probabilities are averaged.
    public var scales: [Double]
    /// Whether each image is seen mirrored too.
    public var flip: Bool
    /// The size that images are brought to before the network (antialiased bilinear, as Pillow); nil keeps their own.
    public var size: Size?
    /// Sides that the network accepts are multiples of this; images are resized to the nearest.
    public var multiple: Int
    public var batchSize: Int

    public init(
        mode: Mode = .whole, scales: [Double] = [1], flip: Bool = false, size: Size? = nil, multiple: Int = 1, batchSize: Int = 1
    ) {
        self.mode = mode
        self.scales = scales
        self.flip = flip
        self.size = size
        self.multiple = multiple
        self.batchSize = batchSize
    }

    /// In words, for records: `whole image`, `sliding 512×512, flip, scales 0.75 1.0`.
    public var description: String {
        var parts: [String] = []
        switch mode {
        case .whole: parts.append("whole image")
        case .slide(let window, let stride): parts.append("sliding \(window) by \(stride)")
        }
        if let size { parts.append("at \(size)") }
        if flip { parts.append("flip") }
        if scales != [1] { parts.append("scales " + scales.map { "\($0)" }.joined(separator: " ")) }
        return parts.joined(separator: ", ")
    }

    /// Whether ``scores(_:output:network:)`` are logits: one view needs no probabilities, its largest logit is the same class.
    public var givesLogits: Bool { scales.count == 1 && !flip }

    /// Class scores at `output`'s size: probabilities, or logits (see ``givesLogits``).
    /// - Parameters:
    ///   - images: B×H×W×3 bytes.
    ///   - network: B×h×w×3 bytes (or floats of the same range) and a size to B×K×size logits.
    public func scores(_ images: Tensor, output: [Int], network: (Tensor, [Int]) -> Tensor) -> Tensor {
        let planes = images.permute(0, 3, 1, 2)
        let base = size.map { [$0.height, $0.width] } ?? Array(planes.shape.suffix(2))
        let views = scales.flatMap { scale in (flip ? [false, true] : [false]).map { (scale, $0) } }
        if givesLogits { return view(planes, base, views[0].0, false, output, network) }
        var sum: Tensor?
        for (scale, mirrored) in views {
            let probabilities = view(planes, base, scale, mirrored, output, network).softmax(1)
            sum = sum.map { $0 + probabilities } ?? probabilities
        }
        return sum! / Double(views.count)
    }

    private func view(
        _ planes: Tensor, _ base: [Int], _ scale: Double, _ mirrored: Bool, _ output: [Int], _ network: (Tensor, [Int]) -> Tensor
    ) -> Tensor {
        let target = base.map { fitting(Int((Double($0) * scale).rounded())) }
        var input = planes
        if Array(planes.shape.suffix(2)) != target { input = F.bilinearAntialiased(planes.float.contiguous(), target) }
        if mirrored { input = input.flip([3]) }
        var logits: Tensor
        switch mode {
        case .whole: logits = network(input.permute(0, 2, 3, 1), output).float
        case .slide(let window, let stride):
            logits = slide(input, window, stride, network)
            if target != output { logits = F.bilinear(logits, output) }
        }
        return mirrored ? logits.flip([3]) : logits
    }

    /// What the network sees of images in one view: B×h×w×3.
    /// - Parameter images: B×H×W×3 bytes.
    func seen(_ images: Tensor) -> Tensor {
        let base = size.map { [$0.height, $0.width] } ?? [images.size(1), images.size(2)]
        let target = base.map(fitting)
        if target == [images.size(1), images.size(2)] { return images }
        return F.bilinearAntialiased(images.permute(0, 3, 1, 2).float.contiguous(), target).permute(0, 2, 3, 1)
    }

    private func fitting(_ side: Int) -> Int { max(multiple, (side + multiple / 2) / multiple * multiple) }

    private func slide(_ input: Tensor, _ window: Size, _ step: Size, _ network: (Tensor, [Int]) -> Tensor) -> Tensor {
        let (height, width) = (input.size(2), input.size(3))
        let (windowHeight, windowWidth) = (min(window.height, height), min(window.width, width))
        var sum: Tensor?
        let hits = Tensor.zeros([1, 1, height, width], device: input.device)
        for top in Self.starts(height, windowHeight, step.height) {
            for left in Self.starts(width, windowWidth, step.width) {
                let (rows, columns) = (top..<top + windowHeight, left..<left + windowWidth)
                let patch = input[.all, .all, rows, columns].permute(0, 2, 3, 1)
                let scores = network(patch, [windowHeight, windowWidth]).float
                if sum == nil { sum = Tensor.zeros([scores.size(0), scores.size(1), height, width], device: input.device) }
                sum![.all, .all, rows, columns].add_(scores)
                hits[.all, .all, rows, columns].add_(Tensor.one)
            }
        }
        return sum! / hits
    }

    /// Where windows begin: `step` apart, the last one flush with the end.
    static func starts(_ length: Int, _ window: Int, _ step: Int) -> [Int] {
        guard length > window else { return [0] }
        let count = (length - window + step - 1) / step + 1
        return (0..<count).map { min($0 * step, length - window) }
    }
}
