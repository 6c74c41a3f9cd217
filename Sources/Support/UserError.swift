/// The exit codes that `segdistill` documents.
public enum ExitCode: Int32, Sendable {
    case done = 0
    case usage = 64
    case badInput = 65
    case internalError = 70
    case outOfMemory = 71
    case interrupted = 75
}

/// An error that a user can act on: what was expected, what was found, what to do.
///
/// Everything that reads files, configuration, weights or the network throws one of these
/// (or a typed error that conforms to ``UserFacingError``).
public protocol UserFacingError: Error, CustomStringConvertible {
    /// The code with which the command line ends.
    var exitCode: ExitCode { get }
}

/// The common case of ``UserFacingError``: a message, a hint, an exit code.
public struct UserError: UserFacingError, Equatable {
    /// What was expected and what was found.
    public let message: String
    /// What the user can do about it.
    public let hint: String?
    public let exitCode: ExitCode

    public init(_ message: String, hint: String? = nil, exitCode: ExitCode = .badInput) {
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
    }

    public var description: String {
        hint.map { "\(message)\n  \($0)" } ?? message
    }
}
