import Support
import Vision

/// Memory that a thread reuses from image to image.
struct AugmentationScratch {
    var rows: [UInt8] = []
    /// Crops on their way: before rows and columns are exchanged, before pixels are moved, and the partner's.
    private var crops = [[UInt8]](repeating: [], count: 3)
    /// Where the partner's pixels are taken.
    var region: [UInt8] = []

    enum Crop: Int { case turning, moving, partner }

    /// Calls `body` with memory for an image of `size` and its labels.
    mutating func withCrop<Result>(
        _ crop: Crop, _ size: Size, _ body: (AugmentationTarget, inout AugmentationScratch) throws -> Result
    ) rethrows -> Result {
        let pixels = size.width * size.height
        var memory: [UInt8] = []
        swap(&memory, &crops[crop.rawValue])
        defer { swap(&memory, &crops[crop.rawValue]) }
        if memory.count < 4 * pixels { memory = [UInt8](repeating: 0, count: 4 * pixels) }
        return try memory.withUnsafeMutableBufferPointer { buffer in
            try body(AugmentationTarget(image: buffer.baseAddress!, labels: buffer.baseAddress! + 3 * pixels), &self)
        }
    }
}

/// Where an augmented sample is written: pixels (height × width × RGB) and labels, and the pixels of each strong view.
struct AugmentationTarget {
    var image: UnsafeMutablePointer<UInt8>
    var labels: UnsafeMutablePointer<UInt8>
    var strong: [UnsafeMutablePointer<UInt8>] = []
}

extension Augmentation {
    /// Writes the augmented sample. Scale, crop and flip are one pass that reads and computes only the pixels of the crop; what comes
    /// after them is done on the crop, in place. Missing labels are written as 255.
    /// - Parameters:
    ///   - partner: the second sample of a mix.
    ///   - shrinking: lets the decoder shrink an image that is to become at most half as large. It filters a little differently.
    ///   - wantsInstances: whether the sample's objects are placed too.
    /// - Returns: the objects that are still seen, when they are wanted and the sample has them.
    @discardableResult
    func render(
        _ sample: any SampleReader, _ plan: Plan, mixedWith partner: Partner? = nil, shrinking: Bool = false, wantsInstances: Bool = false,
        to target: AugmentationTarget, _ scratch: inout AugmentationScratch
    ) throws -> [Instance]? {
        _ = try place(sample, plan, shrinking: shrinking, to: target, &scratch)
        var instances = wantsInstances ? try sample.instances()?.placed(plan, sample.size) : nil
        if let partner { try mix(partner, plan, shrinking: shrinking, into: target, &instances, &scratch) }
        finish(plan, isWhole: partner != nil || plan.warp != nil, target)
        return instances
    }

    /// Changes colours and erases, once every pixel is in its place.
    /// - Parameter isWhole: whether the picture fills the output; otherwise what surrounds it keeps its colour.
    private func finish(_ plan: Plan, isWhole: Bool, _ target: AugmentationTarget) {
        let size = plan.output
        var region = PixelRegion(columns: 0..<size.width, rows: 0..<size.height)
        if !isWhole {
            let window = Window(plan)
            let columns = window.left..<window.left + window.columns.count
            let rows = window.top..<window.top + window.rows.count
            region = plan.transposed ? PixelRegion(columns: rows, rows: columns) : PixelRegion(columns: columns, rows: rows)
        }
        for (view, strong) in zip(plan.strong, target.strong) {
            strong.update(from: target.image, count: 3 * size.width * size.height)
            show(view, region, strong, size)
        }
        show(plan.view, region, target.image, size)
        guard let erased = plan.view.erased, erased.ignoresLabels else { return }
        for y in erased.region.rows {
            let row = target.labels + y * size.width + erased.region.columns.lowerBound
            row.update(repeating: ClassList.ignore, count: erased.region.width)
        }
    }

    private func show(_ view: View, _ region: PixelRegion, _ image: UnsafeMutablePointer<UInt8>, _ size: Size) {
        let corner = image + 3 * (region.rows.lowerBound * size.width + region.columns.lowerBound)
        PixelWindow(pixels: corner, width: region.width, height: region.height, stride: 3 * size.width).adjust(view.colors)
        guard let erased = view.erased else { return }
        var noise = erased.noise.map { SeededRandom($0) }
        for y in erased.region.rows {
            for x in erased.region.columns {
                let pixel = image + 3 * (y * size.width + x)
                let value = noise?.next()
                pixel[0] = value.map { UInt8(truncatingIfNeeded: $0) } ?? imagePadding.red
                pixel[1] = value.map { UInt8(truncatingIfNeeded: $0 >> 8) } ?? imagePadding.green
                pixel[2] = value.map { UInt8(truncatingIfNeeded: $0 >> 16) } ?? imagePadding.blue
            }
        }
    }
}

extension Augmentation {
    /// The augmented sample, not mixed with another. For pictures and tests: the loader writes into its batches directly.
    public func callAsFunction(_ sample: Sample, seed: Int, epoch: Int, index: Int) -> Sample {
        // What is in memory cannot fail to be read.
        try! views(sample, seed: seed, epoch: epoch, index: index).sample
    }

    /// The augmented sample and its first strong view, where there is one.
    /// - Parameter partner: the sample that is mixed into this one.
    /// - Throws: `UserError` when the samples lack what the mix needs.
    public func views(
        _ sample: Sample, mixedWith partner: Sample? = nil, seed: Int, epoch: Int, index: Int
    ) throws -> (sample: Sample, strong: Image?) {
        let reader = WholeSample(sample)
        let plan = try plan(for: reader, Draw(seed: seed, epoch: epoch, index: index))
        let second = try partner.map { try self.partner(WholeSample($0), seed: seed, epoch: epoch, index: index) }
        var image = Image(width: plan.output.width, height: plan.output.height)
        var strong = plan.strong.isEmpty ? nil : image
        var labels = LabelMap(width: plan.output.width, height: plan.output.height)
        var scratch = AugmentationScratch()
        var instances: [Instance]?
        try image.pixels.withUnsafeMutableBufferPointer { pixels in
            try labels.values.withUnsafeMutableBufferPointer { values in
                var target = AugmentationTarget(image: pixels.baseAddress!, labels: values.baseAddress!)
                func write() throws {
                    instances = try render(reader, plan, mixedWith: second, wantsInstances: true, to: target, &scratch)
                }
                if strong == nil { return try write() }
                try strong!.pixels.withUnsafeMutableBufferPointer {
                    target.strong = [$0.baseAddress!]
                    try write()
                }
            }
        }
        let hasLabels = sample.labels != nil || partner?.labels != nil
        return (Sample(name: sample.name, image: image, labels: hasLabels ? labels : nil, instances: instances), strong)
    }
}
