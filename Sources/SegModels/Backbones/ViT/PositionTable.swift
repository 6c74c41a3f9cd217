import Torch

/// Learned positions at the size of an image, as the original network has them there.
struct PositionTable {
    private static let scaled = Operator("aten::upsample_bicubic2d")

    /// - Parameters:
    ///   - table: 1×(prefix + n)×C; n is a square number, or the image's own number of patches.
    /// - Returns: 1×(prefix + h·w)×C.
    static func resized(_ table: Tensor, _ positions: VisionTransformer.Positions, height: Int, width: Int) -> Tensor {
        let count = table.size(1) - positions.prefix
        let side = Int(Double(count).squareRoot().rounded())
        guard side * side == count, [side, side] != [height, width] else { return table }
        let channels = table.size(2)
        let square = table[.all, positions.prefix...].reshape(1, side, side, channels).permute(0, 3, 1, 2)
        let map: Tensor
        switch positions.resizing {
        case .bicubic: map = F.bicubic(square.float, [height, width])
        case .bilinear: map = F.bilinear(square.float, [height, width])
        case .antialiased: map = F.bicubicAntialiased(square.float, [height, width])
        case .offset:
            let factors = [height, width].map { (Double($0) + 0.1) / Double(side) }
            map = scaled(square.float, [height, width], false, factors[0], factors[1])
        }
        let patches = map.permute(0, 2, 3, 1).reshape(1, height * width, channels).to(table.dtype)
        return positions.prefix == 0 ? patches : .concatenate([table[.all, 0..<positions.prefix], patches], 1)
    }

    /// Whether `count` positions serve a grid of patches.
    static func serves(_ count: Int, height: Int, width: Int) -> Bool {
        let side = Int(Double(count).squareRoot().rounded())
        return side * side == count || count == height * width
    }
}
