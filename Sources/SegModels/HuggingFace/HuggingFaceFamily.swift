import Torch

/// A row of the table of architectures in Hugging Face folders: a `model_type` of `config.json`.
struct HuggingFaceFamily: Sendable {
    /// `model_type`.
    let modelType: String
    /// The names in `architectures` that are understood (`SegformerForSemanticSegmentation`); a folder with another is refused.
    let architectures: [String]
    /// Builds the network that the configuration describes, with random weights: a ``Backbone`` or a ``SegmentationModel``, whose
    /// key maps fit the folder's tensors.
    let make: @Sendable (HuggingFaceConfig) throws -> VisionModel
    /// The configuration of a network that `make` could have built, for export; nil if it is none of this family's.
    let configuration: (@Sendable (VisionModel) -> [String: any Sendable]?)?

    init(
        _ modelType: String, _ architectures: [String], configuration: (@Sendable (VisionModel) -> [String: any Sendable]?)? = nil,
        make: @escaping @Sendable (HuggingFaceConfig) throws -> VisionModel
    ) {
        self.modelType = modelType
        self.architectures = architectures
        self.configuration = configuration
        self.make = make
    }
}
