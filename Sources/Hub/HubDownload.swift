import Foundation
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Brings one file into the cache: into `blobs/<etag>.incomplete`, from where an earlier attempt has left off; checked; then moved
/// to `blobs/<etag>` in one step.
struct HubDownload {
    let client: HubClient
    let cache: HubCache
    let file: String
    let metadata: HubClient.Metadata
    /// Told of the bytes that are there.
    let advanced: (Int) -> Void
    let note: (String) -> Void

    /// Bytes of the file that are in the cache.
    static func present(_ metadata: HubClient.Metadata, in cache: HubCache) -> Int {
        size(cache.blob(metadata.etag)) ?? min(size(cache.incomplete(metadata.etag)) ?? 0, metadata.size ?? .max)
    }

    /// Downloads what is missing, unless another process just did.
    func run() throws {
        let lock = try FileLock(
            cache.lock(metadata.etag),
            waiting: { note("another program is fetching '\(file)'; waiting for it") }, isCancelled: client.retry.isCancelled)
        try withExtendedLifetime(lock) {
            guard Self.size(cache.blob(metadata.etag)) == nil else { return }
            let incomplete = cache.incomplete(metadata.etag)
            try client.retry.run(progress: { Self.size(incomplete) ?? 0 }) { try attempt(incomplete) }
            try check(incomplete)
            guard rename(incomplete.path, cache.blob(metadata.etag).path) == 0 else {
                throw HubProblem.file(cache.blob(metadata.etag), errno)
            }
        }
    }

    private static func size(_ url: URL) -> Int? {
        var status = stat()
        return stat(url.path, &status) == 0 ? Int(status.st_size) : nil
    }

    private func attempt(_ url: URL) throws {
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw HubProblem.file(url, errno) }
        defer { close(descriptor) }
        var position = Int(lseek(descriptor, 0, SEEK_END))
        if let size = metadata.size, position > size { position = try restart(descriptor) }
        if position != metadata.size || position == 0 {
            try transfer(to: descriptor, url, from: position)
        }
        guard fsync(descriptor) == 0 else { throw HubProblem.file(url, errno) }
    }

    private func transfer(to descriptor: Int32, _ url: URL, from offset: Int) throws {
        var position = offset
        var isFirst = true
        let response = try client.get(metadata.url, from: offset) { response, bytes in
            if isFirst, offset > 0, !continues(response, at: offset) {
                // The server sends the file from its beginning.
                position = try restart(descriptor)
                guard response.status == 200 else { throw broken("the server sent another part than the one asked for", response) }
            }
            isFirst = false
            try write(bytes, to: descriptor, url)
            position += bytes.count
            if let size = metadata.size, position > size {
                _ = try restart(descriptor)
                throw HubProblem.layout("sent more than the \(size) bytes that the hub states", response.url)
            }
            advanced(position)
        }
        if response.status == 416 {
            _ = try restart(descriptor)
            throw broken("the server has no such part of the file", response)
        }
        let checked = try client.checked(response, file: file)
        guard checked.isSuccess else { throw HubProblem.layout("answers \(checked.status)", checked.url) }
        if let size = metadata.size, position < size {
            throw broken("the connection ended after \(byteCount(position)) of \(byteCount(size))", response)
        }
    }

    private func continues(_ response: HTTPResponse, at offset: Int) -> Bool {
        guard response.status == 206, let range = response["Content-Range"] else { return false }
        return range.hasPrefix("bytes \(offset)-")
    }

    private func broken(_ reason: String, _ response: HTTPResponse) -> HTTPFailure {
        HTTPFailure(url: response.url, cause: .broken, reason: reason)
    }

    private func restart(_ descriptor: Int32) throws -> Int {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw HubProblem.file(cache.incomplete(metadata.etag), errno)
        }
        return 0
    }

    private func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ url: URL) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw HubProblem.file(url, errno) }
            rest = rest.dropFirst(count)
        }
    }

    private func check(_ url: URL) throws {
        guard let digest = FileDigest(etag: metadata.etag) else { return }
        let actual = try digest.actual(of: url)
        guard actual == digest.expected else {
            unlink(url.path)
            throw HubProblem.digest(file, digest, actual)
        }
    }
}
