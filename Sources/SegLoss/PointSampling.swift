import Torch

/// Bilinear samples of maps at points: `grid_sample` with align_corners false and zeros outside. Points are in [0, 1]², x first; (0, 0) is
/// the upper left corner of the upper left pixel.
enum PointSampling {
    /// - Parameters:
    ///   - maps: N×C×h×w.
    ///   - points: N×P×2, or 1×P×2 for all.
    /// - Returns: N×C×P.
    static func sample(_ maps: Tensor, _ points: Tensor) -> Tensor {
        let grid = (points * 2.0 - 1.0).to(maps.dtype).unsqueeze(1).expand([maps.size(0), 1, points.size(1), 2])
        return F.gridSample(maps, grid).squeeze(2)
    }

    private static let lerpInPlace = Operator("aten::lerp_.Tensor")
    private static let bitAnd = Operator("aten::bitwise_and.Tensor")

    /// The four pixels around points, in planes of bytes with a margin: what masks are read from.
    struct Corners {
        /// Bytes: upper left, upper right, lower left, lower right.
        let bytes: [Tensor]
        /// Of the way from the left to the right pixels, and from the upper to the lower.
        let across: Tensor
        let down: Tensor

        /// - Parameters:
        ///   - points: …×P×2.
        ///   - planes: whose plane each row of points reads.
        init(of targets: MaskTargets, at points: Tensor, planes: Tensor) {
            let places = Places(targets, points)
            (across, down) = (places.across, places.down)
            let index = (places.own + planes * targets.planes.size(1)).flatten()
            let flat = targets.planes.view(-1)
            bytes = places.offsets.map { flat.slice(0, $0, nil).indexSelect(0, index).reshape(places.own.shape) }
        }

        /// Planes that are all read at the same P×2 points.
        init(of targets: MaskTargets, at points: Tensor, planes: Range<Int>) {
            let places = Places(targets, points)
            (across, down) = (places.across, places.down)
            bytes = places.offsets.map { targets.planes[planes, $0...].indexSelect(1, places.own) }
        }

        /// Where in a plane the points lie.
        private struct Places {
            /// The upper left pixel, and from there all four.
            let own: Tensor
            let offsets: [Int]
            let across: Tensor
            let down: Tensor

            init(_ targets: MaskTargets, _ points: Tensor) {
                let line = targets.width + 2
                // In pixels from the centre of the margin's corner.
                let (x, y) = (points.select(0) * Double(targets.width) + 0.5, points.select(1) * Double(targets.height) + 0.5)
                let (left, top) = (x.floor(), y.floor())
                (across, down) = (x - left, y - top)
                own = top.long * line + left.long
                offsets = [0, 1, line, line + 1]
            }
        }

        /// How much of each point lies inside of what `bits` say: bytes of one bit each that fit those of the planes.
        func share(_ bits: Tensor) -> Tensor {
            // A pixel inside has the bit's own value, a power of two, which is divided out at last.
            let inside = bytes.map { PointSampling.bitAnd($0, bits).to(across.dtype) }
            let upper = PointSampling.lerpInPlace(inside[0], inside[1], across)
            let lower = PointSampling.lerpInPlace(inside[2], inside[3], across)
            return PointSampling.lerpInPlace(upper, lower, down).div_(bits.to(across.dtype))
        }
    }
}

extension MaskTargets {
    /// Masks of one image at points that they share.
    /// - Parameter points: P×2.
    /// - Returns: T×P shares, and P shares of ignored pixels, nil where the batch has none.
    func sample(_ points: Tensor, of block: Block) -> (masks: Tensor, ignored: Tensor?) {
        let first = layout.place(of: block.masks.lowerBound, in: block.image).plane
        let corners = PointSampling.Corners(of: self, at: points, planes: first..<first + block.planes)
        let shares = PointSampling.Corners(corners) { $0.unsqueeze(1) }.share(bits).flatten(0, 1)[0..<block.masks.count]
        guard hasIgnored else { return (shares, nil) }
        return (shares, PointSampling.Corners(corners) { $0[0] }.share(Self.ignored(points.device)))
    }

    /// The same for all masks of an image.
    package func sample(_ points: Tensor, image: Int) -> (masks: Tensor, ignored: Tensor?) {
        sample(points, of: Block(image: image, masks: labels[image].indices))
    }

    /// One mask for each row of points.
    /// - Parameters:
    ///   - points: S×P×2.
    ///   - planes: S whole numbers; and `bits`, S bytes, say which masks.
    /// - Returns: S×P shares, and those of ignored pixels, nil where there are none.
    func sample(_ points: Tensor, planes: Tensor, bits: Tensor) -> (masks: Tensor, ignored: Tensor?) {
        let corners = PointSampling.Corners(of: self, at: points, planes: planes.unsqueeze(1))
        return (corners.share(bits.unsqueeze(1)), hasIgnored ? corners.share(Self.ignored(points.device)) : nil)
    }

    /// The same for masks by their numbers in their images.
    package func sample(_ points: Tensor, of masks: [(number: Int, image: Int)]) -> (masks: Tensor, ignored: Tensor?) {
        let places = masks.map { layout.place(of: $0.number, in: $0.image) }
        return sample(
            points, planes: Tensor(places.map(\.plane), device: points.device), bits: Tensor(places.map(\.bit), device: points.device))
    }

    /// Whether points lie on ignored pixels: S×P truth values.
    func isIgnored(_ points: Tensor, planes: Tensor) -> Tensor {
        func pixel(_ axis: Int, _ size: Int) -> Tensor { (points.select(axis) * Double(size)).clamp(max: Double(size - 1)).long + 1 }
        let index = pixel(1, height) * (width + 2) + pixel(0, width) + planes.unsqueeze(1) * self.planes.size(1)
        return (self.planes.view(-1).indexSelect(0, index.flatten()) .>= Int(Self.ignoredBit)).reshape(index.shape)
    }

    private static func ignored(_ device: Device) -> Tensor { .full([1], Double(ignoredBit), dtype: .uint8, device: device) }
}

extension PointSampling.Corners {
    /// The same points in the bytes that `body` makes of the planes'.
    fileprivate init(_ corners: Self, _ body: (Tensor) -> Tensor) {
        (across, down) = (corners.across, corners.down)
        bytes = corners.bytes.map(body)
    }
}

extension Tensor {
    /// One entry of the last dimension.
    fileprivate func select(_ index: Int) -> Tensor { slice(dimensions - 1, index, index + 1).squeeze(-1) }
}
