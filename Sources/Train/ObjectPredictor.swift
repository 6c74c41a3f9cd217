import Recipes
import SegData
import SegModels
import Support
import Torch
import Vision

/// A trained network that finds objects in images.
public struct ObjectPredictor {
    public let network: Segmenter
    /// Objects with a smaller score are left out; 0 keeps as many as there are queries, as average precision wants them.
    public let threshold: Double
    private let settings: TestProtocol

    /// - Parameter evaluation: how images are shown to the network, which sees them whole.
    /// - Throws: `UserError` when the network does not predict masks.
    public init(_ network: Segmenter, threshold: Double, evaluation: EvaluationRecipe = EvaluationRecipe()) throws {
        guard network.model is Mask2Former else { throw UserError(withoutMasks: network.model.card.name) }
        (self.network, self.threshold) = (network, threshold)
        settings = evaluation.testProtocol(multiple: network.model.card.sizeMultiple)
    }

    /// The objects of each image: of all pairs of a query and a class the Q likeliest, each scored by its class times the mean probability
    /// inside of its mask (Cheng et al., CVPR 2022). Masks are resized to the image's size bilinearly before they are cut out.
    ///
    /// - Parameter images: B×H×W×3 bytes.
    public func callAsFunction(_ images: Tensor) -> [[ScoredInstance]] {
        withoutGradients {
            var taps = Taps()
            let found = network.predictions(settings.seen(images), hasAuxiliary: false, taps: &taps).final
            let masks = MaskPredictions(final: .init(classLogits: found.classLogits.float, maskLogits: found.maskLogits.float))
            let (height, width) = (images.size(1), images.size(2))
            return (0..<images.size(0)).map { image in
                var objects: [ScoredInstance] = []
                masks.forEachInstance(of: image, threshold: threshold, maskSize: [height, width]) { segment, mask in
                    let raster = Raster<UInt8>(width: width, height: height, values: mask.to(.uint8).array(of: UInt8.self))
                    objects.append(
                        ScoredInstance(category: segment.label, score: segment.score, mask: RunLengthMask(raster, where: 1)))
                }
                return objects
            }
        }
    }

    /// The objects of a picture.
    public func callAsFunction(_ image: Image) throws -> [ScoredInstance] {
        try withTorchErrors { self(Tensor(image.rgb.pixels, shape: [1, image.height, image.width, 3], device: network.device))[0] }
    }
}

/// A trained network with the names of what it finds.
public struct TrainedObjectFinder: ObjectFinder {
    public let objectClasses: ClassList
    private let predictor: ObjectPredictor

    public init(objectClasses: ClassList, predictor: ObjectPredictor) { (self.objectClasses, self.predictor) = (objectClasses, predictor) }

    public func objects(in image: Image) throws -> [ScoredInstance] { try predictor(image) }
}

extension UserError {
    init(withoutMasks network: String) {
        self.init("\(network) does not predict masks, by which objects are told apart", hint: "Take a network of the family mask2former.")
    }
}
