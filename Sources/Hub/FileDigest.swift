import Foundation
import Support

#if canImport(CryptoKit)
    import CryptoKit
#endif

/// The digest by which the hub knows a file, and its file in the cache is named: SHA-256 for files in large file storage, git's
/// SHA-1 of a blob for all others.
package enum FileDigest: Equatable {
    case sha256(String)
    case gitBlob(String)

    /// The digest that an etag is, by its length; nil where a hub uses other etags, and nothing can be checked.
    package init?(etag: String) {
        guard etag.allSatisfy({ $0.isASCII && $0.isHexDigit && !$0.isUppercase }) else { return nil }
        switch etag.count {
        case 64: self = .sha256(etag)
        case 40: self = .gitBlob(etag)
        default: return nil
        }
    }

    /// The name for messages.
    package var name: String {
        switch self {
        case .sha256: "SHA-256"
        case .gitBlob: "git SHA-1"
        }
    }

    /// The digest in hexadecimal digits, as expected.
    package var expected: String {
        switch self {
        case .sha256(let digest), .gitBlob(let digest): digest
        }
    }

    /// - Throws: `UserError` when the system has no library that hashes.
    static func openLibrary() throws { _ = try Hash(.sha256) }

    /// The digest that the file at `url` has. Memory does not depend on the file's size.
    package func actual(of url: URL) throws -> String {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        var hash: Hash
        switch self {
        case .sha256: hash = try Hash(.sha256)
        case .gitBlob:
            hash = try Hash(.sha1)
            hash.update(Data("blob \(try file.seekToEnd())\0".utf8))
            try file.seek(toOffset: 0)
        }
        while let piece = try autoreleasing({ try file.read(upToCount: 1 << 20) }), !piece.isEmpty { hash.update(piece) }
        return hash.digest().map { String(format: "%02x", $0) }.joined()
    }
}

/// Reading pieces of a file makes objects that macOS frees only when a pool is drained.
private func autoreleasing<Result>(_ body: () throws -> Result) rethrows -> Result {
    #if os(macOS)
        try autoreleasepool(invoking: body)
    #else
        try body()
    #endif
}

private enum HashKind {
    case sha256, sha1
}

#if canImport(CryptoKit)
    private struct Hash {
        private var hash: any HashFunction

        init(_ kind: HashKind) throws { hash = kind == .sha256 ? SHA256() : Insecure.SHA1() }

        mutating func update(_ data: Data) { hash.update(data: data) }
        func digest() -> [UInt8] { digest(hash) }

        private func digest(_ hash: some HashFunction) -> [UInt8] { Array(hash.finalize()) }
    }
#else
    /// OpenSSL's digests, which use the processor's SHA instructions. The library is opened when the first file is checked: it is
    /// there wherever libcurl is, and costs nothing to build.
    private final class Hash {
        private let openSSL: OpenSSL
        private let context: OpaquePointer

        init(_ kind: HashKind) throws {
            openSSL = try OpenSSL.opened.get()
            guard let context = openSSL.makeContext() else { throw UserError("OpenSSL has no memory for a digest", exitCode: .outOfMemory) }
            self.context = context
            _ = openSSL.start(context, kind == .sha256 ? openSSL.sha256() : openSSL.sha1(), nil)
        }

        deinit { openSSL.freeContext(context) }

        func update(_ data: Data) {
            data.withUnsafeBytes { _ = openSSL.update(context, $0.baseAddress, $0.count) }
        }

        func digest() -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: 64)
            var count: UInt32 = 0
            _ = openSSL.finish(context, &bytes, &count)
            return Array(bytes.prefix(Int(count)))
        }
    }

    private struct OpenSSL: @unchecked Sendable {
        let makeContext: @convention(c) () -> OpaquePointer?
        let freeContext: @convention(c) (OpaquePointer) -> Void
        let sha256: @convention(c) () -> OpaquePointer?
        let sha1: @convention(c) () -> OpaquePointer?
        let start: @convention(c) (OpaquePointer, OpaquePointer?, OpaquePointer?) -> Int32
        let update: @convention(c) (OpaquePointer, UnsafeRawPointer?, Int) -> Int32
        let finish: @convention(c) (OpaquePointer, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt32>) -> Int32

        static let opened = Result { try OpenSSL() }

        init() throws {
            let library = try SystemLibrary(["libcrypto.so.3", "libcrypto.so.1.1"], package: "libssl3")
            makeContext = try library.function("EVP_MD_CTX_new")
            freeContext = try library.function("EVP_MD_CTX_free")
            sha256 = try library.function("EVP_sha256")
            sha1 = try library.function("EVP_sha1")
            start = try library.function("EVP_DigestInit_ex")
            update = try library.function("EVP_DigestUpdate")
            finish = try library.function("EVP_DigestFinal_ex")
        }
    }
#endif
