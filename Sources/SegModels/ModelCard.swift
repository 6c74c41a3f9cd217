/// What travels with a network: how to feed it, what it knows, where it comes from.
public struct ModelCard: Sendable, Equatable {
    /// The name in the table of models.
    public let name: String
    public let normalization: Normalization
    /// The sides of an image should be multiples of this; what does not fit is computed, but away from how the network was trained.
    public let sizeMultiple: Int
    public let classes: Int
    /// Of the architecture and its published weights; a training set may restrict the weights further.
    public let license: String
    /// Who published the architecture, and where.
    public let source: String

    public init(
        name: String, normalization: Normalization = .imageNet, sizeMultiple: Int, classes: Int, license: String, source: String
    ) {
        self.name = name
        self.normalization = normalization
        self.sizeMultiple = sizeMultiple
        self.classes = classes
        self.license = license
        self.source = source
    }
}
