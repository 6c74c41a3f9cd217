import Torch

/// The order of Hiera's tokens: B×units×T×C instead of B×h×w×C, so that the tokens of a mask unit lie together, and those that pooling
/// makes one lie T/s apart, at every stage.
///
/// The authors' order has the units innermost (T×units); here they are outermost, so that attention in units needs no copy.
struct UnitOrder {
    let height: Int
    let width: Int
    private let units: Int
    /// For each place in the units' order the token of the grid.
    private let entry: Tensor
    /// For each stage, for each token of its grid the place in the units' order.
    private let exits: [Tensor]
    private let sizes: [[Int]]

    /// - Parameters:
    ///   - strides: of pooling, [vertical, horizontal].
    ///   - poolings: how many poolings there are; the order is made for one fewer than stages.
    ///   - unit: tokens of a mask unit.
    ///   - unrolls: transformers' `HieraBackbone` takes tokens as they lie in the image for ones in the units' order; weights that were
    ///     trained so need it so.
    init(height: Int, width: Int, strides: [Int], stages: Int, poolings: Int, unit: Int, unrolls: Bool, device: Device) {
        (self.height, self.width) = (height, width)
        units = height * width / unit
        let steps = stages - 1
        let original = unrolls ? Self.unrolled(height, width, strides, steps) : Array(0..<height * width)
        entry = Tensor(Self.byUnit(original, units), shape: [original.count]).to(device)
        sizes = (0..<stages).map { stage in
            let count = min(stage, poolings)
            return [Self.divided(height, strides[0], count), Self.divided(width, strides[1], count)]
        }
        let units = units
        exits = zip(sizes, 0..<stages).map { size, stage in
            let order = Self.byUnit(Self.unrolled(size[0], size[1], strides, steps - min(stage, poolings)), units)
            var inverse = order
            for (place, token) in order.enumerated() { inverse[token] = place }
            return Tensor(inverse, shape: [inverse.count]).to(device)
        }
    }

    /// B×h×w×C to B×units×T×C.
    func roll(_ x: Tensor) -> Tensor {
        x.flatten(1, 2).indexSelect(1, entry).view(x.size(0), units, -1, x.size(3))
    }

    /// B×units×T×C of a stage to B×C×h×w.
    func unroll(_ x: Tensor, stage: Int) -> Tensor {
        let grid = x.flatten(1, 2).indexSelect(1, exits[stage])
        return grid.view(x.size(0), sizes[stage][0], sizes[stage][1], x.size(3)).permute(0, 3, 1, 2)
    }

    private static func divided(_ size: Int, _ stride: Int, _ times: Int) -> Int { (0..<times).reduce(size) { size, _ in size / stride } }

    /// The authors' order: for each place the token of a grid. The place within what the first pooling makes one is outermost, then
    /// that of the second, …, and the place of the whole innermost.
    private static func unrolled(_ height: Int, _ width: Int, _ strides: [Int], _ steps: Int) -> [Int] {
        var tokens = [(y: 0, x: 0)]
        var (down, right) = (1, 1)
        for _ in 0..<steps {
            let offsets = (0..<strides[0] * strides[1]).map { (y: $0 / strides[1] * down, x: $0 % strides[1] * right) }
            tokens = tokens.flatMap { base in offsets.map { (y: base.y + $0.y, x: base.x + $0.x) } }
            (down, right) = (down * strides[0], right * strides[1])
        }
        let (rows, columns) = (height / down, width / right)
        return tokens.flatMap { base in
            (0..<rows * columns).map { (base.y + $0 / columns * down) * width + base.x + $0 % columns * right }
        }
    }

    /// T×units to units×T.
    private static func byUnit(_ order: [Int], _ units: Int) -> [Int] {
        let tokens = order.count / units
        return (0..<order.count).map { order[$0 % tokens * units + $0 / tokens] }
    }
}
