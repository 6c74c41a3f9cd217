/// Resizes a window of an image in two passes, rows first, computing only the pixels that are wanted.
///
/// Like Pillow it rounds to 8 bits between the passes. The tables are the axes; the scratch memory is the caller's, so that a
/// thread that resizes many images allocates once.
package struct Resampler {
    package let horizontal: ResampleAxis
    package let vertical: ResampleAxis

    package init(horizontal: ResampleAxis, vertical: ResampleAxis) {
        self.horizontal = horizontal
        self.vertical = vertical
    }

    /// - Parameters:
    ///   - source: the whole image, `width` pixels of 3 or 1 `channels` a row.
    ///   - target: where the first new pixel goes; rows are `targetStride` bytes apart.
    package func resample(
        _ source: UnsafePointer<UInt8>, width: Int, channels: Int, to target: UnsafeMutablePointer<UInt8>, targetStride: Int,
        scratch: inout [UInt8]
    ) {
        guard horizontal.count > 0, let top = vertical.first.min(), let last = vertical.first.max() else { return }
        let rows = Int(last - top) + vertical.taps
        let rowBytes = horizontal.count * channels
        if scratch.count < rows * rowBytes { scratch = [UInt8](repeating: 0, count: rows * rowBytes) }
        scratch.withUnsafeMutableBufferPointer { buffer in
            let middle = buffer.baseAddress!
            let input = source + Int(top) * width * channels
            if channels == 3 {
                resampleRowsRGB(input, width: width, rows: rows, to: middle)
            } else {
                for row in 0..<rows { resampleRow(input + row * width * channels, channels, to: middle + row * rowBytes) }
            }
            vertical.weights.withUnsafeBufferPointer { weights in
                for y in 0..<vertical.count {
                    let rows = UnsafePointer(middle) + Int(vertical.first[y] - top) * rowBytes
                    let weights = weights.baseAddress! + y * vertical.taps
                    mixRows(rows, count: rowBytes, weights, to: target + y * targetStride)
                }
            }
        }
    }

    private func resampleRowsRGB(_ source: UnsafePointer<UInt8>, width: Int, rows: Int, to target: UnsafeMutablePointer<UInt8>) {
        guard let leftmost = horizontal.first.min(), let last = horizontal.first.max() else { return }
        let needed = Int(last - leftmost) + horizontal.taps
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: needed) { buffer in
            let wide = buffer.baseAddress!
            for row in 0..<rows {
                let input = source + 3 * (row * width + Int(leftmost))
                for x in 0..<needed {
                    let pixel = input + 3 &* x
                    wide[x] = UInt64(pixel[0]) | UInt64(pixel[1]) &<< 21 | UInt64(pixel[2]) &<< 42
                }
                let output = target + row * 3 * horizontal.count
                let origin = UnsafePointer(wide) - Int(leftmost)
                // The common numbers of taps are spelled out so that the compiler unrolls the loop over them.
                switch horizontal.taps {
                case 1: resampleRowRGB(origin, to: output, taps: 1)
                case 2: resampleRowRGB(origin, to: output, taps: 2)
                case 3: resampleRowRGB(origin, to: output, taps: 3)
                case 4: resampleRowRGB(origin, to: output, taps: 4)
                case let taps: resampleRowRGB(origin, to: output, taps: taps)
                }
            }
        }
    }

    /// A row of 3 channels. A pixel travels as one 64-bit number with 21 bits a channel, which hold 255 · 2¹³ + 2¹², so that one
    /// multiplication weighs all three.
    @inline(__always)
    private func resampleRowRGB(_ source: UnsafePointer<UInt64>, to target: UnsafeMutablePointer<UInt8>, taps: Int) {
        let rounding = UInt64(half) * (1 | 1 << 21 | 1 << 42)
        horizontal.first.withUnsafeBufferPointer { first in
            horizontal.weights.withUnsafeBufferPointer { weights in
                var output = target
                var weight = weights.baseAddress!
                for x in 0..<first.count {
                    let input = source + Int(first[x])
                    var sum = rounding
                    for tap in 0..<taps { sum = sum &+ UInt64(truncatingIfNeeded: weight[tap]) &* input[tap] }
                    output[0] = UInt8(truncatingIfNeeded: sum &>> 13)
                    output[1] = UInt8(truncatingIfNeeded: sum &>> 34)
                    output[2] = UInt8(truncatingIfNeeded: sum &>> 55)
                    weight += taps
                    output += 3
                }
            }
        }
    }

    private func resampleRow(_ source: UnsafePointer<UInt8>, _ channels: Int, to target: UnsafeMutablePointer<UInt8>) {
        let taps = horizontal.taps
        for x in 0..<horizontal.count {
            let input = source + Int(horizontal.first[x]) * channels
            for c in 0..<channels {
                var sum = half
                for tap in 0..<taps { sum = sum &+ Int32(horizontal.weights[x * taps + tap]) &* Int32(input[tap * channels + c]) }
                target[x * channels + c] = UInt8(truncatingIfNeeded: sum >> 13)
            }
        }
    }

    /// `target[i] = Σ weights[tap] · rows[tap][i]`; the rows follow one another, `count` bytes each.
    private func mixRows(_ rows: UnsafePointer<UInt8>, count: Int, _ weights: UnsafePointer<Int16>, to target: UnsafeMutablePointer<UInt8>)
    {
        switch vertical.taps {
        case 1: target.update(from: rows, count: count)
        case 2:
            let (w0, w1) = (Int32(weights[0]), Int32(weights[1]))
            let next = rows + count
            for i in 0..<count {
                let sum = half &+ w0 &* Int32(rows[i]) &+ w1 &* Int32(next[i])
                target[i] = UInt8(truncatingIfNeeded: sum >> 13)
            }
        default: mixManyRows(rows, count: count, weights, to: target)
        }
    }

    private func mixManyRows(
        _ rows: UnsafePointer<UInt8>, count: Int, _ weights: UnsafePointer<Int16>, to target: UnsafeMutablePointer<UInt8>
    ) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { sums in
            let sums = sums.baseAddress!
            sums.initialize(repeating: half, count: count)
            for tap in 0..<vertical.taps where weights[tap] != 0 {
                let row = rows + tap * count
                let w = Int32(weights[tap])
                for i in 0..<count { sums[i] = sums[i] &+ w &* Int32(row[i]) }
            }
            for i in 0..<count { target[i] = UInt8(truncatingIfNeeded: sums[i] >> 13) }
        }
    }
}

private let half = Int32(ResampleAxis.one / 2)
