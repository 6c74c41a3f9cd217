import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes files so that a reader sees either the old content or all of the new one, even after a power cut.
public enum AtomicFile {
    /// Writes `data` to `url` by way of a temporary neighbour, `fsync` and `rename`.
    public static func write(_ data: Data, to url: URL) throws {
        try write(to: url) { handle in try handle.write(contentsOf: data) }
    }

    /// As ``write(_:to:)``, for content that is produced piece by piece.
    /// - Throws: `UserError` when the disk is full or the folder cannot be written; `url` is then untouched.
    public static func write(to url: URL, _ body: (FileHandle) throws -> Void) throws {
        let temporary = url.deletingLastPathComponent()
            .appendingPathComponent(".\(url.lastPathComponent).\(getpid()).partial")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw writeError(url, errno) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
        do {
            let written = Result {
                try body(handle)
                guard fsync(descriptor) == 0 else { throw writeError(url, errno) }
            }
            // Once, also when it fails: the number may be another file's by then.
            guard close(descriptor) == 0 || (try? written.get()) == nil else { throw writeError(url, errno) }
            try written.get()
        } catch {
            unlink(temporary.path)
            throw (error as? UserFacingError) ?? writeError(url, underlyingCode(error))
        }
        guard rename(temporary.path, url.path) == 0 else {
            let code = errno
            unlink(temporary.path)
            throw writeError(url, code)
        }
        syncFolder(url.deletingLastPathComponent())
    }

    private static func syncFolder(_ folder: URL) {
        let descriptor = open(folder.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func underlyingCode(_ error: Error) -> Int32 {
        let error = error as NSError
        if let inner = error.userInfo[NSUnderlyingErrorKey] as? NSError { return Int32(inner.code) }
        return error.domain == NSPOSIXErrorDomain ? Int32(error.code) : EIO
    }

    private static func writeError(_ url: URL, _ code: Int32) -> UserError {
        let hint =
            code == ENOSPC || code == EDQUOT
            ? "The disk is full. Free some space and run the same command again; what was there before is intact."
            : "Check that the folder exists and that you may write to it."
        return UserError("cannot write \(url.path): \(String(cString: strerror(code)))", hint: hint)
    }
}
