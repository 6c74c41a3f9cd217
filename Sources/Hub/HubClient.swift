import Foundation
import Support

/// Asks a hub about one repository: which files it has, and what each is.
final class HubClient {
    let settings: HubSettings
    let request: HubRequest
    let retry: RetryPolicy
    private let http: HTTPClient

    init(_ settings: HubSettings, _ request: HubRequest, retry: RetryPolicy) throws {
        self.settings = settings
        self.request = request
        self.retry = retry
        http = try HTTPClient(patience: retry.patience, isCancelled: retry.isCancelled)
    }

    /// A repository's commit and the names of its files.
    struct Listing {
        var commit: String
        var files: [String]
    }

    /// What the hub says of a file.
    struct Metadata {
        /// Where to get it, on the hub.
        var url: URL
        /// Without quotes: the blob's name in the cache.
        var etag: String
        var size: Int?
        var commit: String?
    }

    /// The commit that the revision stands for, and its files.
    func listing() throws -> Listing {
        struct Answer: Decodable {
            struct File: Decodable {
                var rfilename: String
            }
            var sha: String
            var siblings: [File]?
        }
        let url = address("api/models/\(request.repository)/revision/\(Self.escaped(request.revision))")
        var body = Data()
        let response = try retry.run {
            body = Data()
            let response = try follow(
                url, .get,
                body: { _, bytes in
                    guard body.count < 64 << 20 else { throw HubProblem.layout("lists more files than a model has", url) }
                    body.append(contentsOf: bytes)
                })
            return try checked(response, file: nil)
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: body), HubPath.isPlainName(answer.sha) else {
            throw HubProblem.layout("is no list of a model's files", response.url)
        }
        return Listing(commit: answer.sha, files: (answer.siblings ?? []).map(\.rfilename))
    }

    /// Etag, size and commit of `file`. Files in large storage are known by the headers of the hub's own answer, before it sends
    /// on to the storage.
    func metadata(of file: String, revision: String) throws -> Metadata {
        let url = address("\(request.repository)/resolve/\(Self.escaped(revision))/\(Self.escapedPath(file))")
        var (linkedEtag, linkedSize, commit) = (String?.none, String?.none, String?.none)
        let last = try retry.run {
            let response = try headers(of: url) { response in
                linkedEtag = linkedEtag ?? response["X-Linked-Etag"]
                linkedSize = linkedSize ?? response["X-Linked-Size"]
                commit = commit ?? response["X-Repo-Commit"]
                return linkedEtag != nil && linkedSize != nil && commit != nil
            }
            return try checked(response, file: file)
        }
        let isIdentity = (last["Content-Encoding"] ?? "identity") == "identity"
        let length = last.isSuccess && isIdentity ? last["Content-Length"] : nil
        guard let etag = (linkedEtag ?? last["ETag"]).map(Self.unquoted), HubPath.isPlainName(etag) else {
            throw HubProblem.layout("states no usable ETag", url)
        }
        return Metadata(
            url: url, etag: etag, size: (linkedSize ?? length).flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil },
            commit: commit.flatMap { HubPath.isPlainName($0) ? $0 : nil })
    }

    /// A server that does not know HEAD is asked for the file, and left at its first bytes.
    private func headers(of url: URL, until isEnough: (HTTPResponse) -> Bool) throws -> HTTPResponse {
        struct FirstBytes: Error {
            var response: HTTPResponse
        }
        let response = try follow(url, .head, until: isEnough)
        guard [405, 501].contains(response.status) else { return response }
        do {
            return try follow(url, .get, until: isEnough, body: { response, _ in throw FirstBytes(response: response) })
        } catch let first as FirstBytes {
            return first.response
        }
    }

    /// One attempt at a file's bytes from `offset` on.
    func get(_ url: URL, from offset: Int, _ body: (HTTPResponse, UnsafeRawBufferPointer) throws -> Void) throws -> HTTPResponse {
        try follow(url, .get, headers: offset > 0 ? [("Range", "bytes=\(offset)-")] : [], body: body)
    }

    /// The response as it is when it is a success or a redirect that was not followed.
    /// - Throws: ``TransientStatus`` when it is worth asking again, else `UserError`.
    func checked(_ response: HTTPResponse, file: String?) throws -> HTTPResponse {
        if response.isSuccess || response.redirect != nil { return response }
        let problem = HubProblem.status(response, request, file: file, hasToken: settings.token != nil)
        guard [408, 429, 500, 502, 503, 504].contains(response.status) else {
            throw RefusedStatus(status: response.status, hasCode: response["X-Error-Code"] != nil, problem: problem)
        }
        throw TransientStatus(problem: problem, wait: response["Retry-After"].flatMap { Double($0) })
    }

    /// Follows redirects, at most ten. The token goes to the hub alone; nothing is asked for in the clear that was safe before.
    private func follow(
        _ start: URL, _ method: HTTPRequest.Method, headers: [(name: String, value: String)] = [],
        until isEnough: (HTTPResponse) -> Bool = { _ in false },
        body: (HTTPResponse, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
    ) throws -> HTTPResponse {
        var url = start
        for _ in 0...10 {
            var sent = headers + [("Accept-Encoding", "identity")]
            if let token = settings.token, url.origin == settings.endpoint.origin { sent.append(("Authorization", "Bearer \(token)")) }
            let response = try http.perform(HTTPRequest(url: url, method: method, headers: sent), body: body)
            guard !isEnough(response), let target = response.redirect else { return response }
            let isSafe =
                target.scheme?.lowercased() == "https" || (target.scheme?.lowercased() == "http" && url.scheme?.lowercased() == "http")
            guard isSafe else { throw HubProblem.layout("redirects to \(target.absoluteString), which is not safe", url) }
            url = target
        }
        throw HubProblem.layout("redirects more than ten times", start)
    }

    private func address(_ path: String) -> URL { URL(string: "\(settings.endpoint.absoluteString)/\(path)")! }

    private static let unreserved = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")

    private static func escaped(_ text: String) -> String { text.addingPercentEncoding(withAllowedCharacters: unreserved)! }
    private static func escapedPath(_ path: String) -> String {
        path.split(separator: "/").map { escaped(String($0)) }.joined(separator: "/")
    }

    /// `W/"abc"` and `"abc"` are `abc`.
    private static func unquoted(_ etag: String) -> String {
        (etag.hasPrefix("W/") ? etag.dropFirst(2) : etag[...]).trimmingCharacters(in: CharacterSet(charactersIn: "\""))
    }
}

/// A status that another attempt may change.
struct TransientStatus: Error {
    var problem: UserError
    /// Seconds that the server asks to wait.
    var wait: Double?
}

/// A status that stays.
struct RefusedStatus: Error {
    var status: Int
    /// Whether the hub says what it lacks, in a header.
    var hasCode: Bool
    var problem: UserError
}
