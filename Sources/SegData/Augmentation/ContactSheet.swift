import Vision

/// Augmented samples side by side in one picture: what training sees.
public struct ContactSheet {
    private let dataset: any Dataset
    private let augmentation: Augmentation
    private let seed: Int
    /// The width to which wider pictures are brought.
    private let tileWidth: Int

    /// - Parameter seed: the run's, from which the first epochs' samples follow.
    public init(_ dataset: any Dataset, _ augmentation: Augmentation, seed: Int, tileWidth: Int = 320) {
        self.dataset = dataset
        self.augmentation = augmentation
        self.seed = seed
        self.tileWidth = tileWidth
    }

    /// Some samples, spread evenly over the data set, or those of several epochs where it has fewer. Each is shown as image, second view
    /// where there is one, and image under its labels (ignored pixels dark) with its objects' outlines.
    /// - Throws: `UserError` naming the file when a sample cannot be read, and for a mix that the data cannot have.
    public func picture(count: Int) throws -> Image {
        try augmentation.check(dataset)
        var cells: [Image] = []
        for number in 0..<count {
            let index = count < dataset.count ? number * dataset.count / count : number % dataset.count
            cells.append(try cell(index, epoch: count < dataset.count ? 0 : number / dataset.count))
        }
        let across = augmentation.strong == nil ? 2 : 1
        return Image.column(stride(from: 0, to: count, by: across).map { Image.row(Array(cells[$0..<min($0 + across, count)]), gap: 12) })
    }

    private func cell(_ index: Int, epoch: Int) throws -> Image {
        let partner = try augmentation.partner(seed: seed, epoch: epoch, index: index, count: dataset.count).map(dataset.sample)
        let (sample, strong) = try augmentation.views(
            dataset.sample(index), mixedWith: partner, seed: seed, epoch: epoch, index: index)
        return Image.row([sample.image, strong, annotated(sample)].compactMap { $0.map(tile) })
    }

    private func tile(_ image: Image) -> Image {
        guard image.width > tileWidth else { return image }
        return image.resized(width: tileWidth, height: max(1, image.height * tileWidth / image.width))
    }

    /// The image under its labels, with its objects outlined; nil when nothing is known about it.
    private func annotated(_ sample: Sample) -> Image? {
        var result = sample.image
        if let labels = sample.labels { result = result.overlaid(with: labels, palette: dataset.classes.palette, clear: nil) }
        guard let instances = sample.instances else { return sample.labels == nil ? nil : result }
        var outlines = LabelMap(width: result.width, height: result.height)
        for (number, instance) in instances.enumerated() {
            instance.mask.subtracting(instance.mask.eroded(by: 2)).paint(UInt8(1 + number % 254), into: &outlines)
        }
        return result.overlaid(with: outlines, palette: .pascalVOC, opacity: 0.9, clear: 0)
    }
}
