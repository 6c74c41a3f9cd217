import CCurl
import Foundation
import Support

/// libcurl, opened when the first request is made.
///
/// Not Foundation's `URLSession`: on Linux it holds what arrives faster than it is written to disk in memory, and linking it
/// doubles the time that `--help` takes. The library is the very one that it stands on, so it is wherever Swift's is.
struct Curl: @unchecked Sendable {
    let makeHandle: @convention(c) () -> UnsafeMutableRawPointer?
    let freeHandle: @convention(c) (UnsafeMutableRawPointer?) -> Void
    /// Forgets a handle's options, but keeps its connections.
    let reset: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let perform: @convention(c) (UnsafeMutableRawPointer?) -> Int32
    let setOption: ccurl_variadic
    let getInfo: ccurl_variadic
    let appendList: @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?) -> UnsafeMutableRawPointer?
    let freeList: @convention(c) (UnsafeMutableRawPointer?) -> Void
    let errorText: @convention(c) (Int32) -> UnsafePointer<CChar>?

    private static let opened = Result { try Curl() }

    /// - Throws: `UserError` when the system has no libcurl.
    static func library() throws -> Curl { try opened.get() }

    private init() throws {
        #if os(macOS)
            let names = ["/usr/lib/libcurl.4.dylib"]
        #else
            let names = ["libcurl.so.4", "libcurl-gnutls.so.4"]
        #endif
        let library = try SystemLibrary(names, package: "libcurl4")
        makeHandle = try library.function("curl_easy_init")
        freeHandle = try library.function("curl_easy_cleanup")
        reset = try library.function("curl_easy_reset")
        perform = try library.function("curl_easy_perform")
        setOption = try library.function("curl_easy_setopt")
        getInfo = try library.function("curl_easy_getinfo")
        appendList = try library.function("curl_slist_append")
        freeList = try library.function("curl_slist_free_all")
        errorText = try library.function("curl_easy_strerror")
        let start: @convention(c) (Int) -> Int32 = try library.function("curl_global_init")
        guard start(CCURL_GLOBAL_DEFAULT) == 0 else { throw UserError("libcurl does not start on this system") }
    }
}

/// A shared library of the system, opened by name.
struct SystemLibrary {
    private let handle: UnsafeMutableRawPointer
    private let name: String

    /// - Parameters:
    ///   - names: file names, the first that opens is taken.
    ///   - package: what a user installs to get it.
    init(_ names: [String], package: String) throws {
        for name in names {
            if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
                self.handle = handle
                self.name = name
                return
            }
        }
        let reason = dlerror().map { String(cString: $0) } ?? "unknown reason"
        throw UserError(
            "cannot open \(names[0]), which downloading needs (\(reason))", hint: "Debian, Ubuntu: apt-get install \(package)")
    }

    /// The function `symbol` as a C function of type `Function`.
    func function<Function>(_ symbol: String) throws -> Function {
        guard let address = dlsym(handle, symbol) else { throw UserError("\(name) has no function \(symbol); is it very old?") }
        return unsafeBitCast(address, to: Function.self)
    }
}
