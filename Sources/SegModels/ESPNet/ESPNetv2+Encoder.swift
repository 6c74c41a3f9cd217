import Torch
import TorchNN

/// ESPNetv2 without its classifier and last level: maps at strides 2, 4, 8 and 16.
final class ESPNetv2Encoder: Module {
    let level1: Sequential
    let level2: Downsampler
    let level3Down: Downsampler
    let level3: [EESP]
    let level4Down: Downsampler
    let level4: [EESP]

    override class var keys: [String: String] {
        ["level2": "level2_0", "level3Down": "level3_0", "level4Down": "level4_0"]
    }

    /// - Parameter widths: channels at strides 2, 4, 8 and 16.
    init(widths: [Int]) {
        level1 = convNormAct(3, widths[0], kernel: 3, stride: 2)
        level2 = Downsampler(widths[0], widths[1], reach: 13)
        level3Down = Downsampler(widths[1], widths[2], reach: 11)
        level3 = (0..<3).map { _ in EESP(widths[2], widths[2], reach: 9) }
        level4Down = Downsampler(widths[2], widths[3], reach: 9)
        level4 = (0..<7).map { _ in EESP(widths[3], widths[3], reach: 7) }
    }

    func callAsFunction(_ image: Tensor) -> [Tensor] {
        let image4 = halved(halved(image))
        let image8 = halved(image4)
        let image16 = halved(image8)
        let map2 = level1(image)
        let map4 = level2(map2, image: image4)
        let map8 = level3.reduce(level3Down(map4, image: image8)) { $1($0) }
        let map16 = level4.reduce(level4Down(map8, image: image16)) { $1($0) }
        return [map2, map4, map8, map16]
    }
}
