import Foundation
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads whole files into arrays.
package enum FileBytes {
    /// The content of the file at `url`.
    /// - Throws: `UserError` naming the file when it is missing, cannot be read, or is empty.
    package static func read(_ url: URL) throws -> [UInt8] {
        let path = url.path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw UserError("\(path): expected an image file, found a folder or a device")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            throw UserError("\(path): the file is empty", hint: "Copy it again from its source, or take it out of the data set.")
        }
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Foundation.read(descriptor, buffer.baseAddress! + count, size - count)
                if got < 0, errno == EINTR { continue }
                if got < 0 { throw unreadable(path, errno) }
                if got == 0 { break }
                count += got
            }
        }
    }

    /// A part of the file at `url`, which messages call `name`.
    /// - Throws: `UserError` when the file cannot be read or ends before the part does.
    package static func read(_ url: URL, at offset: Int, count size: Int, name: String) throws -> [UInt8] {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(url.path, errno) }
        defer { close(descriptor) }
        let bytes = try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = pread(descriptor, buffer.baseAddress! + count, size - count, off_t(offset + count))
                if got < 0, errno == EINTR { continue }
                if got < 0 { throw unreadable(url.path, errno) }
                if got == 0 { break }
                count += got
            }
        }
        guard bytes.count == size else {
            throw UserError("\(name): the file around it is cut short", hint: "Copy it again from its source.")
        }
        return bytes
    }

    private static func unreadable(_ path: String, _ code: Int32) -> UserError {
        code == ENOENT
            ? UserError("\(path): there is no such file", hint: "Check the path.")
            : UserError("\(path): cannot be read: \(String(cString: strerror(code)))")
    }
}
