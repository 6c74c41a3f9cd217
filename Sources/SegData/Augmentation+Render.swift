import Vision

/// Memory that a thread reuses from image to image.
struct AugmentationScratch {
    var rows: [UInt8] = []
}

extension Augmentation {
    /// Writes the augmented image (output size × RGB) and labels. Scale, crop and flip are one pass that computes only the
    /// pixels of the crop. Missing labels are written as 255.
    func render(
        _ sample: Sample, _ plan: Plan, image target: UnsafeMutablePointer<UInt8>, labels labelTarget: UnsafeMutablePointer<UInt8>,
        _ scratch: inout AugmentationScratch
    ) {
        let window = Window(plan)
        if window.isPadded { pad(target, labelTarget, plan.output) }
        renderImage(sample.image.rgb, plan, window, target, &scratch)
        guard let labels = sample.labels else {
            labelTarget.update(repeating: ClassList.ignore, count: plan.output.width * plan.output.height)
            return
        }
        renderLabels(labels, plan, window, labelTarget)
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
        _ image: Image, _ plan: Plan, _ window: Window, _ target: UnsafeMutablePointer<UInt8>, _ scratch: inout AugmentationScratch
    ) {
        let corner = target + 3 * window.left
        let stride = 3 * plan.output.width
        let isUnscaled = plan.scaled.width == image.width && plan.scaled.height == image.height
        if isUnscaled, !plan.flipped {
            image.pixels.withUnsafeBufferPointer { source in
                for (y, row) in window.rows.enumerated() {
                    let start = source.baseAddress! + 3 * (row * image.width + window.columns.lowerBound)
                    (corner + y * stride).update(from: start, count: 3 * window.columns.count)
                }
            }
        } else {
            let filter = isUnscaled ? Interpolation.nearest : .bilinear
            let resampler = Resampler(
                horizontal: ResampleAxis(from: image.width, to: plan.scaled.width, range: window.columns, filter, reversed: plan.flipped),
                vertical: ResampleAxis(from: image.height, to: plan.scaled.height, range: window.rows, filter))
            resampler.resample(image.pixels, width: image.width, channels: 3, to: corner, targetStride: stride, scratch: &scratch.rows)
        }
        PixelWindow(pixels: corner, width: window.columns.count, height: window.rows.count, stride: stride).adjust(plan.colors)
    }

    private func renderLabels(_ labels: LabelMap, _ plan: Plan, _ window: Window, _ target: UnsafeMutablePointer<UInt8>) {
        let columns = ResampleAxis(from: labels.width, to: plan.scaled.width, range: window.columns, .nearest, reversed: plan.flipped).first
        let rows = ResampleAxis(from: labels.height, to: plan.scaled.height, range: window.rows, .nearest).first
        labels.values.withUnsafeBufferPointer { values in
            columns.withUnsafeBufferPointer { columns in
                for (y, row) in rows.enumerated() {
                    let source = values.baseAddress! + Int(row) * labels.width
                    let output = target + y * plan.output.width + window.left
                    for x in 0..<columns.count { output[x] = source[Int(columns[x])] }
                }
            }
        }
    }
}
