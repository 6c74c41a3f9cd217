import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file mapped into memory, unmapped when the last reference goes. A tensor that looks into the
/// file holds this object to keep its memory alive.
///
/// The mapping is private: whoever writes into it gets a copy of the touched page, and the file never changes.
/// As with any mapping, nobody may shorten the file meanwhile; replacing it (`AtomicFile`) is safe.
public final class MappedFile: @unchecked Sendable {
    /// The path that the file was opened by.
    public let path: String
    /// The whole file.
    public let bytes: UnsafeRawBufferPointer

    /// Maps the file at `url`.
    /// - Throws: ``TensorFileError`` when it is absent, not a regular file, or may not be read.
    public init(_ url: URL) throws {
        path = url.path
        func fail(_ reason: String) -> TensorFileError { TensorFileError(path: url.path, problem: .unreadable(reason)) }

        // Without O_NONBLOCK a named pipe would wait for a writer for ever.
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw fail(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fail(String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw fail("it is not a regular file") }
        guard status.st_size > 0 else { throw fail("the file is empty") }

        let count = Int(status.st_size)
        guard let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw fail(String(cString: strerror(errno)))
        }
        bytes = UnsafeRawBufferPointer(start: base, count: count)
    }

    /// Lets go of the pages that have been read so far; they are read again when they are needed. What was written into the mapping is
    /// lost, so this comes before anybody writes.
    func releasePages() { madvise(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count, MADV_DONTNEED) }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count)
    }
}
