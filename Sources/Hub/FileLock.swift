import Foundation
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A lock that one process holds at a time, on a file that stays: `flock`, as the Python hub takes it. It is given back when the
/// process ends, however it ends.
final class FileLock {
    private let descriptor: Int32

    /// Takes the lock, and waits for as long as another has it.
    /// - Parameters:
    ///   - waiting: called once when it has to wait.
    ///   - isCancelled: asked while it waits.
    init(_ url: URL, waiting: () -> Void = {}, isCancelled: () -> Bool = { false }) throws {
        descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o664)
        guard descriptor >= 0 else { throw HubProblem.file(url, errno) }
        var hasWaited = false
        // Where the file system has no locks, the check of the digest still finds what two processes have mixed up.
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK || errno == EINTR {
            guard !isCancelled() else { throw HTTPCancelled() }
            if !hasWaited { waiting() }
            hasWaited = true
            usleep(100_000)
        }
    }

    deinit { close(descriptor) }
}
