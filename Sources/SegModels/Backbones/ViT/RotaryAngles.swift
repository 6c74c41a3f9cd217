import Foundation
import Torch

/// Sines and cosines by which queries and keys are turned, for one grid of patches (Su et al. 2021, in two dimensions). Tokens before
/// the patches have the angle 0: they pass unturned, without being taken apart.
struct RotaryAngles {
    let grid: [Int]
    /// (prefix + h·w)×D.
    private let cosines: Tensor
    private let sines: Tensor
    private let isInterleaved: Bool

    /// - Parameters:
    ///   - channels: of one head, a multiple of 4.
    ///   - like: a tensor of the type and device that will be turned.
    init(_ kind: VisionTransformer.Rotary, height: Int, width: Int, prefix: Int, channels: Int, like: Tensor) {
        let quarter = channels / 4
        var angles: [Double] = []
        switch kind {
        case .centered(let theta):
            isInterleaved = false
            let frequencies = (0..<quarter).map { 2 * Double.pi / pow(theta, Double($0) / Double(quarter)) }
            for row in 0..<height {
                for column in 0..<width {
                    let y = 2 * (Double(row) + 0.5) / Double(height) - 1
                    let x = 2 * (Double(column) + 0.5) / Double(width) - 1
                    let half = frequencies.map { y * $0 } + frequencies.map { x * $0 }
                    angles += half + half
                }
            }
        case .index(let theta, let reference):
            isInterleaved = true
            let frequencies = (0..<quarter).map { 1 / pow(theta, Double($0) / Double(quarter)) }
            for row in 0..<height {
                for column in 0..<width {
                    let y = Double(row * reference) / Double(height)
                    let x = Double(column * reference) / Double(width)
                    for angle in frequencies.map({ y * $0 }) + frequencies.map({ x * $0 }) { angles += [angle, angle] }
                }
            }
        }
        grid = [height, width]
        let unturned = Array(repeating: 0.0, count: prefix * channels)
        let all = unturned + angles
        func table(_ function: (Double) -> Double) -> Tensor {
            Tensor(all.map { Float(function($0)) }, shape: [prefix + height * width, channels]).to(like.dtype, like.device)
        }
        cosines = table(cos)
        sines = table(sin)
    }

    /// …×N×D.
    func turn(_ x: Tensor) -> Tensor { Self.addcmul(x * cosines, quarterTurn(x), sines) }

    /// Each pair of channels (a, b) as (−b, a).
    private func quarterTurn(_ x: Tensor) -> Tensor {
        let half = x.size(-1) / 2
        guard isInterleaved else { return .concatenate([-x.slice(-1, half, nil), x.slice(-1, 0, half)], -1) }
        let pairs = [-x.slice(-1, 1, nil, step: 2), x.slice(-1, 0, nil, step: 2)]
        return Tensor.stack(pairs, -1).flatten(-2)
    }

    func fits(height: Int, width: Int, like: Tensor) -> Bool {
        grid == [height, width] && cosines.dtype == like.dtype && cosines.device == like.device
    }

    private static let addcmul = Operator("aten::addcmul")
}
