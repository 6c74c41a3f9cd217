import Foundation
import Recipes
import SegData
import Vision

extension DataRecipe {
    /// How training goes through the data.
    /// - Parameters:
    ///   - seed: the run's.
    ///   - epochs: nil for no end.
    public func loaderOptions(seed: Int, epochs: Int? = nil) -> LoaderOptions {
        var options = LoaderOptions(
            batchSize: loader.batchSize, augmentation: Augmentation(augmentation), seed: seed, epochs: epochs,
            scaledDecoding: loader.scaledDecoding, cacheMegabytes: loader.cacheMegabytes, instances: instances)
        if let threads = loader.threads { options.threads = threads }
        return options
    }

    /// The loader of the training set, whose classes are counted first where the sampling goes by them.
    /// - Parameter statistics: where the counts are kept, so that they are made once; nil keeps none.
    /// - Throws: `UserError` when the set is smaller than a batch, or labels cannot be read.
    public func trainingLoader(
        _ dataset: any Dataset, seed: Int, statistics file: URL? = nil, from position: LoaderPosition = .start
    ) throws -> Loader {
        try Loader(dataset, trainingOptions(dataset, seed: seed, statistics: file), from: position)
    }

    /// How the training set is gone through; see ``trainingLoader(_:seed:statistics:from:)``.
    func trainingOptions(_ dataset: any Dataset, seed: Int, statistics file: URL? = nil) throws -> LoaderOptions {
        var options = loaderOptions(seed: seed)
        options.sampling = try sampling(dataset, file)
        return options
    }

    /// How the unlabelled images are gone through: as the others, but for what goes by labels.
    func unlabelledOptions(seed: Int) -> LoaderOptions {
        var options = loaderOptions(seed: seed)
        options.batchSize = unlabelled?.batchSize ?? loader.batchSize
        options.augmentation.categoryLimit = 1
        options.instances = unlabelled?.online == nil
        options.augmentation.strongViews = unlabelled?.online?.views ?? 1
        return options
    }

    private func sampling(_ dataset: any Dataset, _ file: URL?) throws -> Sampling {
        func statistics() throws -> ClassStatistics {
            try file.map { try ClassStatistics(cachedAt: $0, for: dataset) } ?? ClassStatistics(counting: dataset)
        }
        switch loader.sampling {
        case .shuffle: return .shuffle
        case .classBalanced: return try .classBalanced(statistics(), temperature: loader.temperature, pixels: loader.pixels)
        case .repeatFactor: return try .repeatFactor(statistics(), threshold: loader.repeatThreshold)
        }
    }
}

extension Augmentation {
    public init(_ recipe: AugmentationRecipe) {
        self.init(
            resize: Resizing(recipe), scale: recipe.scale == 1...1 || !recipe.scales.isEmpty ? nil : recipe.scale, scales: recipe.scales,
            crop: recipe.crop.map(Size.init), categoryLimit: recipe.categoryLimit, flip: recipe.flip, flipVertical: recipe.flipVertical,
            quarterTurns: recipe.quarterTurns, mixing: recipe.mix.map(Mixing.init), photometric: Photometric(recipe.photometric),
            strong: recipe.strong.map(Photometric.init))
    }
}

extension Augmentation.Resizing {
    init?(_ recipe: AugmentationRecipe) {
        if let size = recipe.resize {
            switch recipe.resizeMode {
            case .exact: self = .exact(Size(size))
            case .inside: self = .inside(Size(size))
            case .edges: self = .edges(short: min(size.width, size.height), long: max(size.width, size.height))
            }
        } else if !recipe.shortSide.isEmpty {
            self = .shortSide(recipe.shortSide, limit: recipe.longSide)
        } else {
            return nil
        }
    }
}

extension Mixing {
    init(_ recipe: MixRecipe) {
        let kind: Kind =
            switch recipe.kind {
            case .cutMix: .cutMix
            case .classMix: .classMix
            case .copyPaste: .copyPaste
            }
        self.init(kind, probability: recipe.probability)
    }
}

extension Photometric {
    init(_ recipe: PhotometricRecipe) {
        let colors = recipe.colorJitter
        let jitter = ColorJitter(
            brightness: colors.brightness, contrast: colors.contrast, saturation: colors.saturation, hue: colors.hue,
            probability: colors.probability)
        let changes = [colors.brightness, colors.contrast, colors.saturation, colors.hue].contains { $0 > 0 }
        self.init(
            jitter: changes ? jitter : nil, distortion: recipe.distortion.map { _ in PhotometricDistortion() }, grey: recipe.grey,
            randAugment: recipe.randAugment.map {
                RandAugment(count: $0.count, magnitude: $0.magnitude, movesPixels: $0.geometry)
            },
            blur: recipe.blur.map { GaussianBlur(probability: $0.probability, sigma: $0.sigma) },
            erasing: recipe.erasing.map {
                RandomErasing(
                    probability: $0.probability, area: $0.area, ratio: $0.ratio, fill: $0.fill == .noise ? .noise : .mean,
                    ignoresLabels: $0.labels == .ignore)
            })
    }
}

extension Size {
    public init(_ size: PixelSize) { self.init(width: size.width, height: size.height) }
}
