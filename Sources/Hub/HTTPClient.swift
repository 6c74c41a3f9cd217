import CCurl
import Foundation
import Support

/// Makes one request after the other over connections that are kept open. The body goes to the caller piece by piece, as fast
/// as it takes the pieces, so that memory does not grow.
final class HTTPClient {
    private let curl: Curl
    private let handle: UnsafeMutableRawPointer
    private let isCancelled: () -> Bool
    /// Seconds without a byte after which a connection counts as broken.
    private let patience: Int

    init(patience: Int = 60, isCancelled: @escaping () -> Bool = { false }) throws {
        curl = try Curl.library()
        guard let handle = curl.makeHandle() else { throw UserError("libcurl does not start on this system") }
        self.handle = handle
        self.patience = patience
        self.isCancelled = isCancelled
    }

    deinit { curl.freeHandle(handle) }

    /// Asks, and hands the pieces of a successful response's body to `body`.
    /// - Throws: ``HTTPFailure``, ``HTTPCancelled``, or what `body` throws.
    @discardableResult
    func perform(
        _ request: HTTPRequest, body: (HTTPResponse, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
    ) throws -> HTTPResponse {
        try withoutActuallyEscaping(body) { body in
            let transfer = Transfer(url: request.url, body: body, isCancelled: isCancelled)
            let list = headerList(request.headers)
            defer { curl.freeList(list) }
            var message = [CChar](repeating: 0, count: CCURL_ERROR_SIZE)
            let code = message.withUnsafeMutableBufferPointer { message in
                configure(request, list, transfer, message.baseAddress!)
                return withExtendedLifetime(transfer) { curl.perform(handle) }
            }
            curl.reset(handle)
            if let error = transfer.error { throw error }
            guard code == 0 else { throw failure(code, message, request.url) }
            return transfer.response
        }
    }

    private func headerList(_ headers: [(name: String, value: String)]) -> UnsafeMutableRawPointer? {
        headers.reduce(nil) { curl.appendList($0, "\($1.name): \($1.value)") }
    }

    private func configure(
        _ request: HTTPRequest, _ list: UnsafeMutableRawPointer?, _ transfer: Transfer, _ message: UnsafeMutablePointer<CChar>
    ) {
        let user = Unmanaged.passUnretained(transfer).toOpaque()
        func set(_ option: Int, _ value: Int) { _ = ccurl_set_long(curl.setOption, handle, Int32(option), value) }
        func set(_ option: Int, _ value: UnsafeMutableRawPointer?) {
            _ = ccurl_set_pointer(curl.setOption, handle, Int32(option), value)
        }
        func set(_ option: Int, _ value: String) { _ = ccurl_set_text(curl.setOption, handle, Int32(option), value) }
        set(CCURLOPT_URL, request.url.absoluteString)
        set(CCURLOPT_NOBODY, request.method == .head ? 1 : 0)
        set(CCURLOPT_HTTPHEADER, list)
        set(CCURLOPT_USERAGENT, "segdistill")
        set(CCURLOPT_NOSIGNAL, 1)
        set(CCURLOPT_PROTOCOLS, CCURLPROTO_HTTP_HTTPS)
        set(CCURLOPT_CONNECTTIMEOUT, min(15, patience))
        set(CCURLOPT_LOW_SPEED_LIMIT, 1)
        set(CCURLOPT_LOW_SPEED_TIME, patience)
        set(CCURLOPT_BUFFERSIZE, 512 << 10)
        set(CCURLOPT_ERRORBUFFER, message)
        if let certificates = Self.certificates { set(CCURLOPT_CAINFO, certificates) }
        set(CCURLOPT_WRITEDATA, user)
        set(CCURLOPT_HEADERDATA, user)
        set(CCURLOPT_XFERINFODATA, user)
        set(CCURLOPT_NOPROGRESS, 0)
        _ = ccurl_set_data_callback(curl.setOption, handle, Int32(CCURLOPT_WRITEFUNCTION)) { bytes, size, count, user in
            Transfer.from(user).take(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
        }
        _ = ccurl_set_data_callback(curl.setOption, handle, Int32(CCURLOPT_HEADERFUNCTION)) { bytes, size, count, user in
            Transfer.from(user).takeHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
            return size * count
        }
        _ = ccurl_set_progress_callback(curl.setOption, handle, Int32(CCURLOPT_XFERINFOFUNCTION)) { user, _, _, _, _ in
            Transfer.from(user).mayGoOn ? 0 : 1
        }
    }

    /// The certificates of those that are trusted, where a user names their own file (a company's proxy, say).
    private static let certificates: String? = ["CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"].lazy
        .compactMap { ProcessInfo.processInfo.environment[$0] }.first { !$0.isEmpty }

    private func failure(_ code: Int32, _ message: [CChar], _ url: URL) -> HTTPFailure {
        let text = message.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        let reason = text.isEmpty ? curl.errorText(code).map { String(cString: $0) } ?? "error \(code)" : text
        let cause: HTTPFailure.Cause =
            switch Int(code) {
            case CCURLE_COULDNT_RESOLVE_PROXY, CCURLE_COULDNT_RESOLVE_HOST, CCURLE_COULDNT_CONNECT: .unreachable
            case CCURLE_HTTP2, CCURLE_PARTIAL_FILE, CCURLE_OPERATION_TIMEDOUT, CCURLE_SSL_CONNECT_ERROR,
                CCURLE_GOT_NOTHING, CCURLE_SEND_ERROR, CCURLE_RECV_ERROR, CCURLE_HTTP2_STREAM:
                .broken
            case CCURLE_PEER_FAILED_VERIFICATION, CCURLE_SSL_CACERT_BADFILE: .untrusted
            default: .refused
            }
        return HTTPFailure(url: url, cause: cause, reason: reason)
    }
}

/// What libcurl's callbacks work on during one request.
private final class Transfer {
    private(set) var response: HTTPResponse
    private(set) var error: (any Error)?
    private let body: (HTTPResponse, UnsafeRawBufferPointer) throws -> Void
    private let isCancelled: () -> Bool

    init(url: URL, body: @escaping (HTTPResponse, UnsafeRawBufferPointer) throws -> Void, isCancelled: @escaping () -> Bool) {
        response = HTTPResponse(url: url)
        self.body = body
        self.isCancelled = isCancelled
    }

    static func from(_ user: UnsafeMutableRawPointer?) -> Transfer { Unmanaged<Transfer>.fromOpaque(user!).takeUnretainedValue() }

    /// Whether the transfer goes on.
    func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard mayGoOn else { return false }
        guard response.isSuccess else {
            if response.errorBody.count < 4096 { response.errorBody.append(contentsOf: bytes.prefix(4096)) }
            return true
        }
        do {
            try body(response, bytes)
            return true
        } catch {
            self.error = error
            return false
        }
    }

    /// A line: a status, which begins a new set of headers (an interim response's or a proxy's are forgotten), or `Name: value`.
    func takeHeader(_ bytes: UnsafeRawBufferPointer) {
        let line = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if line.hasPrefix("HTTP/") {
            let fields = line.split(separator: " ")
            response.status = fields.count > 1 ? Int(fields[1]) ?? 0 : 0
            response.headers = [:]
        } else if let colon = line.firstIndex(of: ":") {
            let name = line[..<colon].lowercased()
            response.headers[name] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
    }

    var mayGoOn: Bool {
        if error == nil, isCancelled() { error = HTTPCancelled() }
        return error == nil
    }
}
