import Vision

extension Augmentation {
    /// Writes the crop with its pixels in their places.
    /// - Returns: whether the sample has labels.
    func place(
        _ sample: any SampleReader, _ plan: Plan, shrinking: Bool, to target: AugmentationTarget, _ scratch: inout AugmentationScratch
    ) throws -> Bool {
        let size = plan.output
        if let warp = plan.warp {
            var unmoved = plan
            unmoved.warp = nil
            return try scratch.withCrop(.moving, size) { crop, scratch in
                let hasLabels = try place(sample, unmoved, shrinking: shrinking, to: crop, &scratch)
                warp.warp(crop.image, width: size.width, height: size.height, padding: imagePadding, to: target.image)
                let padding = hasLabels ? labelPadding : ClassList.ignore
                warp.warp(labels: crop.labels, width: size.width, height: size.height, padding: padding, to: target.labels)
                return hasLabels
            }
        }
        if plan.transposed {
            var untransposed = plan
            untransposed.transposed = false
            untransposed.output = plan.window
            return try scratch.withCrop(.turning, size) { crop, scratch in
                let hasLabels = try place(sample, untransposed, shrinking: shrinking, to: crop, &scratch)
                transpose(crop, to: target, size)
                return hasLabels
            }
        }
        let window = Window(plan)
        if window.isPadded { pad(target, size) }
        try renderImage(sample, plan, window, shrinking: shrinking, target.image, &scratch)
        return try renderLabels(sample, plan, window, target.labels)
    }

    /// Where the image's part of the output lies, before rows and columns are exchanged.
    struct Window {
        /// The wanted columns and rows of the scaled image.
        let columns: Range<Int>
        let rows: Range<Int>
        /// The output's column of the leftmost of them, and its row of the uppermost.
        let left: Int
        let top: Int
        let isPadded: Bool

        init(_ plan: Plan) {
            let size = plan.window
            columns = plan.x..<min(plan.scaled.width, plan.x + size.width)
            rows = plan.y..<min(plan.scaled.height, plan.y + size.height)
            left = plan.flipped ? size.width - columns.count : 0
            top = plan.flippedVertically ? size.height - rows.count : 0
            isPadded = columns.count < size.width || rows.count < size.height
        }
    }

    private func pad(_ target: AugmentationTarget, _ size: Size) {
        let count = size.width * size.height
        target.labels.update(repeating: labelPadding, count: count)
        for pixel in 0..<count {
            target.image[3 &* pixel] = imagePadding.red
            target.image[3 &* pixel &+ 1] = imagePadding.green
            target.image[3 &* pixel &+ 2] = imagePadding.blue
        }
    }

    /// - Parameter size: of the target.
    private func transpose(_ source: AugmentationTarget, to target: AugmentationTarget, _ size: Size) {
        for y in 0..<size.height {
            for x in 0..<size.width {
                let (from, to) = (x &* size.height &+ y, y &* size.width &+ x)
                target.labels[to] = source.labels[from]
                for channel in 0..<3 { target.image[3 &* to &+ channel] = source.image[3 &* from &+ channel] }
            }
        }
    }

    private func renderImage(
        _ sample: any SampleReader, _ plan: Plan, _ window: Window, shrinking: Bool, _ target: UnsafeMutablePointer<UInt8>,
        _ scratch: inout AugmentationScratch
    ) throws {
        let stride = 3 * plan.output.width
        let corner = target + window.top * stride + 3 * window.left
        let size = sample.size
        let isUnscaled = plan.scaled == size
        let divisor = shrinking && !isUnscaled ? sample.divisor(forAtLeast: plan.scaled) : 1
        func axis(_ pixels: Int, _ scaled: Int, _ range: Range<Int>, reversed: Bool) -> ResampleAxis {
            ResampleAxis(
                from: (pixels + divisor - 1) / divisor, extent: Double(pixels) / Double(divisor), to: scaled, range: range,
                isUnscaled ? .nearest : .bilinear, reversed: reversed)
        }
        let horizontal = axis(size.width, plan.scaled.width, window.columns, reversed: plan.flipped)
        let vertical = axis(size.height, plan.scaled.height, window.rows, reversed: plan.flippedVertically)
        let part = try sample.image(PixelRegion(columns: horizontal.sources, rows: vertical.sources), divisor: divisor)
        let image = part.content
        image.pixels.withUnsafeBufferPointer { pixels in
            // Where the whole image's first pixel would be.
            let origin = pixels.baseAddress! - 3 * (part.y * image.width + part.x)
            if isUnscaled, !plan.flipped {
                for (y, row) in vertical.first.enumerated() {
                    let start = origin + 3 * (Int(row) * image.width + window.columns.lowerBound)
                    (corner + y * stride).update(from: start, count: 3 * window.columns.count)
                }
            } else {
                Resampler(horizontal: horizontal, vertical: vertical)
                    .resample(origin, width: image.width, channels: 3, to: corner, targetStride: stride, scratch: &scratch.rows)
            }
        }
    }

    private func renderLabels(
        _ sample: any SampleReader, _ plan: Plan, _ window: Window, _ target: UnsafeMutablePointer<UInt8>
    ) throws -> Bool {
        let size = sample.size
        let (columns, rows) = window.sources(plan, size)
        guard let low = rows.min(), let high = rows.max(), let part = try sample.labels(rows: Int(low)..<Int(high) + 1) else {
            target.update(repeating: ClassList.ignore, count: plan.output.width * plan.output.height)
            return false
        }
        part.content.values.withUnsafeBufferPointer { values in
            columns.withUnsafeBufferPointer { columns in
                for (y, row) in rows.enumerated() {
                    let source = values.baseAddress! + (Int(row) - part.y) * size.width
                    let output = target + (window.top + y) * plan.output.width + window.left
                    for x in 0..<columns.count { output[x] = source[Int(columns[x])] }
                }
            }
        }
        return true
    }
}

extension Augmentation.Window {
    /// The image's columns and rows that the window's are labelled by, in the output's order.
    func sources(_ plan: Augmentation.Plan, _ size: Size) -> (columns: [Int32], rows: [Int32]) {
        (
            ResampleAxis(from: size.width, to: plan.scaled.width, range: columns, .nearest, reversed: plan.flipped).first,
            ResampleAxis(from: size.height, to: plan.scaled.height, range: rows, .nearest, reversed: plan.flippedVertically).first
        )
    }
}
