import Vision

/// Memory that a thread reuses from image to image.
struct AugmentationScratch {
    var rows: [UInt8] = []
}

extension Augmentation {
    /// Writes the augmented image (output size × RGB) and labels. Scale, crop and flip are one pass that reads and computes only
    /// the pixels of the crop. Missing labels are written as 255.
    /// - Parameter shrinking: lets the decoder shrink an image that is to become at most half as large. It filters a little
    ///   differently.
    func render(
        _ sample: any SampleReader, _ plan: Plan, shrinking: Bool = false, image target: UnsafeMutablePointer<UInt8>,
        labels labelTarget: UnsafeMutablePointer<UInt8>, _ scratch: inout AugmentationScratch
    ) throws {
        let window = Window(plan)
        if window.isPadded { pad(target, labelTarget, plan.output) }
        try renderImage(sample, plan, window, shrinking: shrinking, target, &scratch)
        try renderLabels(sample, plan, window, labelTarget)
    }

    /// Where the image's part of the output lies.
    private struct Window {
        /// The wanted columns and rows of the scaled image.
        let columns: Range<Int>
        let rows: Range<Int>
        /// The output column of the leftmost of them; the first row is always at the top.
        let left: Int
        let isPadded: Bool

        init(_ plan: Plan) {
            columns = plan.x..<min(plan.scaled.width, plan.x + plan.output.width)
            rows = plan.y..<min(plan.scaled.height, plan.y + plan.output.height)
            left = plan.flipped ? plan.output.width - columns.count : 0
            isPadded = columns.count < plan.output.width || rows.count < plan.output.height
        }
    }

    private func pad(_ image: UnsafeMutablePointer<UInt8>, _ labels: UnsafeMutablePointer<UInt8>, _ size: Size) {
        let count = size.width * size.height
        labels.update(repeating: labelPadding, count: count)
        for pixel in 0..<count {
            image[3 &* pixel] = imagePadding.red
            image[3 &* pixel &+ 1] = imagePadding.green
            image[3 &* pixel &+ 2] = imagePadding.blue
        }
    }

    private func renderImage(
        _ sample: any SampleReader, _ plan: Plan, _ window: Window, shrinking: Bool, _ target: UnsafeMutablePointer<UInt8>,
        _ scratch: inout AugmentationScratch
    ) throws {
        let corner = target + 3 * window.left
        let stride = 3 * plan.output.width
        let size = sample.size
        let isUnscaled = plan.scaled == size
        let divisor = shrinking && !isUnscaled ? sample.divisor(forAtLeast: plan.scaled) : 1
        func axis(_ pixels: Int, _ scaled: Int, _ range: Range<Int>, reversed: Bool = false) -> ResampleAxis {
            ResampleAxis(
                from: (pixels + divisor - 1) / divisor, extent: Double(pixels) / Double(divisor), to: scaled, range: range,
                isUnscaled ? .nearest : .bilinear, reversed: reversed)
        }
        let horizontal = axis(size.width, plan.scaled.width, window.columns, reversed: plan.flipped)
        let vertical = axis(size.height, plan.scaled.height, window.rows)
        let part = try sample.image(PixelRegion(columns: horizontal.sources, rows: vertical.sources), divisor: divisor)
        let image = part.content
        image.pixels.withUnsafeBufferPointer { pixels in
            // Where the whole image's first pixel would be.
            let origin = pixels.baseAddress! - 3 * (part.y * image.width + part.x)
            if isUnscaled, !plan.flipped {
                for (y, row) in window.rows.enumerated() {
                    let start = origin + 3 * (row * image.width + window.columns.lowerBound)
                    (corner + y * stride).update(from: start, count: 3 * window.columns.count)
                }
            } else {
                Resampler(horizontal: horizontal, vertical: vertical)
                    .resample(origin, width: image.width, channels: 3, to: corner, targetStride: stride, scratch: &scratch.rows)
            }
        }
        PixelWindow(pixels: corner, width: window.columns.count, height: window.rows.count, stride: stride).adjust(plan.colors)
    }

    private func renderLabels(
        _ sample: any SampleReader, _ plan: Plan, _ window: Window, _ target: UnsafeMutablePointer<UInt8>
    ) throws {
        let size = sample.size
        let columns = ResampleAxis(
            from: size.width, to: plan.scaled.width, range: window.columns, .nearest, reversed: plan.flipped)
        let rows = ResampleAxis(from: size.height, to: plan.scaled.height, range: window.rows, .nearest)
        guard let part = try sample.labels(rows: rows.sources) else {
            target.update(repeating: ClassList.ignore, count: plan.output.width * plan.output.height)
            return
        }
        part.content.values.withUnsafeBufferPointer { values in
            columns.first.withUnsafeBufferPointer { columns in
                for (y, row) in rows.first.enumerated() {
                    let source = values.baseAddress! + (Int(row) - part.y) * size.width
                    let output = target + y * plan.output.width + window.left
                    for x in 0..<columns.count { output[x] = source[Int(columns[x])] }
                }
            }
        }
    }
}
