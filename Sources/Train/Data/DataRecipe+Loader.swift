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
            cacheMegabytes: loader.cacheMegabytes)
        if let threads = loader.threads { options.threads = threads }
        return options
    }
}

extension Augmentation {
    public init(_ recipe: AugmentationRecipe) {
        let colors = recipe.colorJitter
        self.init(
            resize: recipe.resize.map { .exact(Size($0)) }, scale: recipe.scale == 1...1 ? nil : recipe.scale,
            crop: recipe.crop.map(Size.init),
            flip: recipe.flip,
            photometric: Photometric(
                jitter: colors == ColorJitterRecipe()
                    ? nil
                    : ColorJitter(
                        brightness: colors.brightness, contrast: colors.contrast, saturation: colors.saturation, hue: colors.hue)))
    }
}

extension Size {
    public init(_ size: PixelSize) { self.init(width: size.width, height: size.height) }
}
