import Recipes
import SegData
import SegEval
import Support
import Torch
import Vision

/// A trained network that labels pictures.
public struct Predictor {
    public let network: Segmenter
    public let classes: ClassList
    private let settings: TestProtocol

    /// - Parameter evaluation: how pictures are shown to the network.
    /// - Throws: what loading the network throws.
    public init(
        _ saved: SavedModel, device: Device, precision: Precision = .auto, evaluation: EvaluationRecipe = EvaluationRecipe()
    ) throws {
        network = Segmenter(try saved.load(), device: device, precision: precision)
        network.storeForInference()
        classes = saved.info.classes
        settings = evaluation.testProtocol(multiple: network.model.card.sizeMultiple)
    }

    /// The most likely class of every pixel, at the picture's own size.
    public func callAsFunction(_ image: Image) throws -> LabelMap {
        try withTorchErrors {
            withoutGradients {
                let pixels = Tensor(image.rgb.pixels, shape: [1, image.height, image.width, 3], device: network.device)
                let scores = settings.scores(pixels, output: [image.height, image.width], network: network.scores)
                let values = scores.argmax(1).to(.uint8).array(of: UInt8.self)
                return LabelMap(width: image.width, height: image.height, values: values)
            }
        }
    }
}
