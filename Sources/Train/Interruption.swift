import Foundation
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Thrown after Ctrl-C or a termination signal, when everything was saved.
public struct Interrupted: UserFacingError {
    public let run: URL
    public let step: Int
    public var exitCode: ExitCode { .interrupted }
    public var description: String {
        "interrupted after step \(step); everything is saved\n  Go on with the same command and --resume (\(run.path))."
    }
}

/// Notes the first Ctrl-C (or SIGTERM, as schedulers send it); the second one ends the program at once.
package enum Interruption {
    // A flag that a signal handler may set: plain memory, written by one instruction.
    private nonisolated(unsafe) static let flag: UnsafeMutablePointer<Int32> = {
        let pointer = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
        pointer.initialize(to: 0)
        return pointer
    }()

    package static var isRequested: Bool { flag.pointee != 0 }

    /// As Ctrl-C would.
    package static func request() { flag.pointee = 1 }

    /// Runs `body` with the handlers in place.
    package static func observed<Result>(_ body: () throws -> Result) rethrows -> Result {
        flag.pointee = 0
        let signals = [SIGINT, SIGTERM]
        unblock(signals)
        for number in signals {
            _ = signal(number) { number in
                Interruption.flag.pointee = 1
                _ = signal(number, SIG_DFL)
            }
        }
        defer { for number in signals { _ = signal(number, SIG_DFL) } }
        return try body()
    }

    /// A program started from another's worker thread inherits that thread's blocked signals.
    private static func unblock(_ signals: [Int32]) {
        var set = sigset_t()
        sigemptyset(&set)
        for number in signals { sigaddset(&set, number) }
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }
}
