import Foundation
import Recipes
import SegData
import SegModels
import Support
import Torch
import TorchNN
import Vision

/// How a cached teacher sees the training images: each one whole, unmirrored, unscaled but for the recipe's resize, in its own colours.
struct TeacherView {
    let network: Network<VisionModel>
    /// See ``weightsHash(_:)``.
    let weights: String
    let recipe: ModelRecipe
    let data: DataRecipe
    let dataset: any Dataset

    /// - Precondition: the recipe has a cache.
    var cache: CacheRecipe { recipe.cache! }

    /// What is done to an image before the teacher sees it. Of several short sides it is the middle one.
    var augmentation: Augmentation {
        if let size = cache.size { return .evaluation(resize: Size(size)) }
        switch Augmentation(data.augmentation).resize {
        case .shortSide(let sides, let limit): return Augmentation(resize: .shortSide([sides.sorted()[sides.count / 2]], limit: limit))
        case let resize: return Augmentation(resize: resize)
        }
    }

    private var input: String {
        switch augmentation.resize {
        case nil: "its own"
        case .exact(let size): "\(size)"
        case .inside(let size): "inside \(size)"
        case .edges(let short, let long): "sides of at most \(short) and \(long)"
        case .shortSide(let sides, let limit): "short side \(sides[0])" + (limit.map { ", at most \($0)" } ?? "")
        }
    }

    /// One image at a time, in the data set's order.
    func loader(_ dataset: any Dataset, from image: Int = 0) throws -> Loader {
        var options = LoaderOptions.evaluation(augmentation: augmentation, threads: data.loaderOptions(seed: 0).threads)
        options.scaledDecoding = data.loader.scaledDecoding
        return try Loader(dataset, options, from: LoaderPosition(epoch: 0, batch: image))
    }

    /// What a cache of these maps holds.
    /// - Throws: `UserError` when there are no scores to choose the highest of, or the first image cannot be read.
    func header(_ taps: Set<String>) throws -> CacheHeader {
        let model = network.model
        if cache.topK != nil && !taps.contains("logits") {
            throw UserError(
                "teacher.cache.topK keeps class scores, but no method reads the teacher's logits", hint: "Leave topK out.")
        }
        if let vector = taps.sorted().first(where: { model.tapStrides[$0] == 0 }) {
            throw UserError(
                "teacher.cache holds maps of whole images, out of which crops are cut, but the teacher's \(vector) belongs to a crop as a whole",
                hint: "Leave the cache out, or the method's tap: gkd takes taps: {teacherCls: none}.")
        }
        let first = try loader(SpreadDataset(dataset, limit: 1)).next()!
        var image = FNV()
        first.withImages { image.add($0) }
        let source = CacheSource(
            model: "\(model.card.name), \(recipe.options)", weights: weights,
            precision: network.autocast.map { "\($0)" } ?? "float32", normalization: "\(model.card.normalization)", input: input,
            data: DatasetFingerprint(dataset).text, firstImage: image.text, images: dataset.count)
        let own = taps.sorted().map { tap in
            CachedTap(
                name: tap, channels: model.tapChannels[tap]!, stride: model.tapStrides[tap]!, kept: tap == "logits" ? cache.topK : nil)
        }
        return CacheHeader(source, type: cache.type, taps: own)
    }

    /// The teacher's maps of a picture of B×H×W×3 bytes, as it gives them, by tap.
    /// - Throws: `UserError` when a map's grid does not follow from its stride.
    func maps(_ taps: [CachedTap], of images: Tensor) throws -> [String: Tensor] {
        let size = Size(width: images.size(2), height: images.size(1))
        do { try network.model.checkSize(height: size.height, width: size.width) } catch let error as UserError {
            let multiple = network.model.card.sizeMultiple
            let nearest = [size.height, size.width].map { max(multiple, ($0 + multiple / 2) / multiple * multiple) }
            throw UserError("a cached teacher sees whole images: \(error.message)", hint: "Set teacher.cache.size, to \(nearest), say.")
        }
        let seen = try withTorchErrors { withoutGradients { network.record(Set(taps.map(\.name)), of: images) } }
        return try Dictionary(
            uniqueKeysWithValues: taps.map { tap in
                let map = seen.map(tap.name, height: size.height, width: size.width, stride: tap.stride)
                let grid = tap.grid(size)
                guard map.shape == [images.size(0), tap.channels, grid.rows, grid.columns] else {
                    throw UserError(
                        "the teacher's \(tap.name) of an image of \(size) is \(map.shape), not a grid of stride \(tap.stride)",
                        hint: "Its maps cannot be cached at this size; give teacher.cache.size, or leave the cache out.")
                }
                return (tap.name, map.float)
            })
    }

    /// A hash of a network's parameters and buffers by name, before they go to a device.
    static func weightsHash(_ model: VisionModel) -> String {
        var hash = FNV()
        for (name, tensor) in model.stateDict().sorted(by: { $0.0 < $1.0 }) {
            hash.add(name)
            hash.add("\(tensor.shape) \(tensor.dtype)")
            tensor.withUnsafeBytes { hash.add($0) }
        }
        // The same weights may be used in several ways.
        if let origin = model.origin {
            hash.add(origin.config)
            hash.add(origin.preprocessor ?? "")
        }
        return hash.text
    }
}
