#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension PixelWindow {
    /// Convolves with a Gaussian, columns and rows one after the other, in fixed point.
    func blur(sigma: Double) {
        guard sigma > 0 else { return }
        let radius = max(1, Int((3 * sigma).rounded(.up)))
        let weights = Self.gaussian(sigma, radius)
        let count = 3 * width
        // Between the passes a value has 7 bits behind the point.
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: count * height) { middle in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { sums in
                let (middle, sums) = (middle.baseAddress!, sums.baseAddress!)
                blurRows(weights, radius, to: middle, sums)
                for y in 0..<height {
                    sums.initialize(repeating: 1 << 19, count: count)
                    for tap in 0..<weights.count {
                        let row = middle + Self.mirrored(y + tap - radius, height) * count
                        let weight = weights[tap]
                        for i in 0..<count { sums[i] = sums[i] &+ weight &* Int32(row[i]) }
                    }
                    let output = pixels + y * stride
                    for i in 0..<count { output[i] = UInt8(truncatingIfNeeded: sums[i] >> 20) }
                }
            }
        }
    }

    private func blurRows(
        _ weights: [Int32], _ radius: Int, to target: UnsafeMutablePointer<UInt16>, _ sums: UnsafeMutablePointer<Int32>
    ) {
        let count = 3 * width
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count + 6 * radius) { padded in
            let padded = padded.baseAddress!
            for y in 0..<height {
                let row = pixels + y * stride
                (padded + 3 * radius).update(from: row, count: count)
                for x in 1...radius {
                    (padded + 3 * (radius - x)).update(from: row + 3 * Self.mirrored(-x, width), count: 3)
                    (padded + 3 * (radius + width - 1 + x)).update(from: row + 3 * Self.mirrored(width - 1 + x, width), count: 3)
                }
                sums.initialize(repeating: 1 << 5, count: count)
                for tap in 0..<weights.count {
                    let source = padded + 3 * tap
                    let weight = weights[tap]
                    for i in 0..<count { sums[i] = sums[i] &+ weight &* Int32(source[i]) }
                }
                let output = target + y * count
                for i in 0..<count { output[i] = UInt16(truncatingIfNeeded: sums[i] >> 6) }
            }
        }
    }

    /// Weights with 13 bits that sum to exactly 1.
    private static func gaussian(_ sigma: Double, _ radius: Int) -> [Int32] {
        let exact = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
        let sum = exact.reduce(0, +)
        var weights = exact.map { Int32(($0 / sum * 8192).rounded()) }
        weights[radius] += 8192 - weights.reduce(0, +)
        return weights
    }

    /// The pixel of 0..<count that lies at `index` when the picture goes on mirrored, its edge pixels once.
    private static func mirrored(_ index: Int, _ count: Int) -> Int {
        guard count > 1 else { return 0 }
        let period = 2 * (count - 1)
        let place = (index % period + period) % period
        return min(place, period - place)
    }

    /// Mixes with the image under torchvision's kernel of 3 × 3, 5 in the middle and 1 around it, divided by 13; the edge stays as it is.
    func sharpen(_ factor: Double) {
        guard width > 2, height > 2 else { return }
        let count = 3 * width
        let share = Float(1 - factor)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 3 * count) { rows in
            // The rows as they were: above, here, below.
            let start = rows.baseAddress!
            var (above, here, below) = (start, start + count, start + 2 * count)
            above.update(from: pixels, count: count)
            here.update(from: pixels + stride, count: count)
            for y in 1..<height - 1 {
                below.update(from: pixels + (y + 1) * stride, count: count)
                let output = pixels + y * stride
                for i in 3..<count - 3 {
                    var sum = Int32(above[i &- 3]) &+ Int32(above[i]) &+ Int32(above[i &+ 3])
                    sum = sum &+ Int32(here[i &- 3]) &+ Int32(here[i &+ 3]) &+ 5 &* Int32(here[i])
                    sum = sum &+ Int32(below[i &- 3]) &+ Int32(below[i]) &+ Int32(below[i &+ 3])
                    // (2 · sum + 13) / 26, by a multiplication that is exact for sums up to 13 · 255.
                    let smooth = ((2 &* sum &+ 13) &* 20165) &>> 19
                    let mixed = Float(here[i]) + Float(smooth &- Int32(here[i])) * share
                    output[i] = UInt8(max(0, min(255, mixed)))
                }
                (above, here, below) = (here, below, above)
            }
        }
    }
}
