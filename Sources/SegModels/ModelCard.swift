/// What travels with a network: how to feed it, what it knows, where it comes from.
public struct ModelCard: Sendable, Equatable {
    /// The name in the table of models.
    public var name: String
    public var normalization: Normalization
    /// The side of the square images it was trained on; nil when it takes any as well as any other.
    public var inputSize: Int?
    /// The side of a vision transformer's patch.
    public var patchSize: Int?
    /// The sides of an image should be multiples of this; what does not fit is computed, but away from how the network was trained.
    public var sizeMultiple: Int
    public var classes: Int
    /// Of the architecture and its published weights; a training set may restrict the weights further.
    public var license: String
    /// Who published the architecture, and where.
    public var source: String
    /// The repository of the published weights on the hub: `owner/name`.
    public var repository: String?

    public init(
        name: String, normalization: Normalization = .imageNet, inputSize: Int? = nil, patchSize: Int? = nil, sizeMultiple: Int,
        classes: Int, license: String, source: String, repository: String? = nil
    ) {
        self.name = name
        self.normalization = normalization
        self.inputSize = inputSize
        self.patchSize = patchSize
        self.sizeMultiple = sizeMultiple
        self.classes = classes
        self.license = license
        self.source = source
        self.repository = repository
    }
}
