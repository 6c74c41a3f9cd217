import Foundation
import Torch

/// Sines and cosines of a pixel's row and column, by which attention knows where it looks: DETR's, normalised to a full turn.
/// Tables are kept for the sizes seen last.
final class SinePositions {
    private struct Key: Hashable {
        let height, width: Int
        let device: String
    }
    private let channels: Int
    private let temperature: Double
    private var tables: [Key: Tensor] = [:]

    /// - Parameters:
    ///   - channels: a multiple of 4.
    ///   - temperature: how much slower the slowest wave is than the first.
    init(_ channels: Int, temperature: Double = 10_000) { (self.channels, self.temperature) = (channels, temperature) }

    /// (h·w)×C, row-major: first of the row, then of the column; sine and cosine of one frequency stand side by side.
    func callAsFunction(_ height: Int, _ width: Int, like x: Tensor) -> Tensor {
        let key = Key(height: height, width: width, device: "\(x.device)")
        if let found = tables[key] { return found.to(x.dtype) }
        if tables.count >= 12 { tables = [:] }
        let table = withoutGradients {
            let (rows, columns) = (waves(height), waves(width))
            let shape = [height, width, channels / 2]
            let joined = Tensor.concatenate([rows.unsqueeze(1).expand(shape), columns.unsqueeze(0).expand(shape)], 2)
            return joined.reshape(height * width, channels).to(.float32, x.device)
        }
        tables[key] = table
        return table.to(x.dtype)
    }

    /// n×(C/2) for the places 1 … n.
    private func waves(_ count: Int) -> Tensor {
        let angles_N1 = (Tensor.arange(1, count + 1, dtype: .float64) * (2 * Double.pi / (Double(count) + 1e-6))).unsqueeze(1)
        let half = channels / 4
        let exponents = Tensor.arange(0, half, dtype: .float64) * (-2 * log(temperature) / Double(channels / 2))
        let phases = angles_N1 * exponents.exp()
        return Tensor.stack([phases.sin(), phases.cos()], 2).reshape(count, 2 * half)
    }
}

/// Sines and cosines of numbers in [0, 1], or of places in a phrase: …×n to …×(n·channels).
///
/// Of two numbers or more the second comes first: a box's row before its column.
func waves(_ numbers: Tensor, channels: Int) -> Tensor {
    let half = channels / 2
    let exponents = Tensor.arange(0, half, dtype: .float64) * (-2 * log(10_000) / Double(channels))
    let frequencies = (exponents.exp() * (2 * Double.pi)).to(.float32, numbers.device)
    let count = numbers.size(-1)
    let ordered = count < 2 ? numbers : numbers.indexSelect(-1, Tensor([1, 0] + Array(2..<count), device: numbers.device))
    let phases = ordered.unsqueeze(-1) * frequencies
    return Tensor.stack([phases.sin(), phases.cos()], -1).flatten(-3)
}
