/// What may be chosen of a model beside its name and its classes. What a model does not have is refused, not ignored.
public struct ModelOptions: Sendable, Equatable {
    /// Image size over the size of the last map, kept small by dilation: 8, 16 or 32; nil: the model's own.
    public var outputStride: Int?
    /// The side of a plain vision transformer's patches, whose kernels are resized when weights are loaded; nil: as published.
    public var patchSize: Int?
    /// Channels of the map before the classifier; nil: the head's own.
    public var headChannels: Int?
    /// A second, simpler head on stage 3, for training.
    public var hasAuxiliaryHead: Bool

    public init(outputStride: Int? = nil, patchSize: Int? = nil, headChannels: Int? = nil, hasAuxiliaryHead: Bool = false) {
        self.outputStride = outputStride
        self.patchSize = patchSize
        self.headChannels = headChannels
        self.hasAuxiliaryHead = hasAuxiliaryHead
    }
}
