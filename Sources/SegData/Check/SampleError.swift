import Support

/// What makes a sample unusable although its files can be read.
public struct SampleError: UserFacingError, Equatable {
    public enum Kind: Sendable {
        /// Image, labels and objects have different sizes.
        case size
        /// An object's mask is empty, or its box is not around it.
        case objects
    }

    public let kind: Kind
    /// What was expected and what was found; names the file.
    public let message: String
    public let hint: String

    public var exitCode: ExitCode { .badInput }
    public var description: String { "\(message)\n  \(hint)" }
}
