import Foundation
import Hub

/// A hub with one repository, and a storage on another port to which it sends for large files, as the public one does.
final class FakeHub: @unchecked Sendable {
    struct File {
        var data: Data
        var isLarge: Bool
        var etag: String
    }

    /// What the hub does wrong, or otherwise than usual.
    struct Manners {
        /// Without it, the files are not given.
        var token: String?
        var hasListing = true
        var servesCommits = true
        var knowsHead = true
        var ignoresRange = false
        /// Each is the number of bytes after which a response of the storage is cut.
        var cuts: [Int] = []
        /// Statuses that are given instead of the next files.
        var failures: [Int] = []
        /// What the storage gives instead of a file.
        var damaged: Data?
        /// Seconds that the storage takes.
        var delay = 0.0
        /// Names in the list that are no files.
        var strayNames: [String] = []
    }

    let repository = try! HubRepository("tiny/model")
    private let lock = NSLock()
    private var state: (commit: String, files: [String: File], manners: Manners)
    private(set) var hub: TestServer!
    private(set) var storage: TestServer!

    /// - Parameter files: by path; those whose names end on `.safetensors`, `.bin` or `.pth` are large.
    init(_ files: [String: Data], commit: String = String(repeating: "a", count: 40)) {
        state = (commit, [:], Manners())
        storage = TestServer { [unowned self] request in lock.withLock { answerStorage(request) } }
        hub = TestServer { [unowned self] request in lock.withLock { answerHub(request) } }
        publish(files, commit: commit)
    }

    deinit {
        hub.stop()
        storage.stop()
    }

    var manners: Manners {
        get { lock.withLock { state.manners } }
        set { lock.withLock { state.manners = newValue } }
    }

    var commit: String { lock.withLock { state.commit } }
    func etag(_ name: String) -> String { lock.withLock { state.files[name]!.etag } }

    /// A new commit with these files.
    func publish(_ files: [String: Data], commit: String) {
        let known = files.map { name, data in
            let isLarge = ["safetensors", "bin", "pth"].contains { name.hasSuffix(".\($0)") }
            return (name, File(data: data, isLarge: isLarge, etag: digest(data, of: String(repeating: "0", count: isLarge ? 64 : 40))))
        }
        lock.withLock { (state.commit, state.files) = (commit, Dictionary(uniqueKeysWithValues: known)) }
    }

    private func digest(_ data: Data, of kind: String) -> String {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("hub-digest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try! data.write(to: url)
        return try! FileDigest(etag: kind)!.actual(of: url)
    }

    private func answerHub(_ request: TestRequest) -> TestResponse {
        guard state.manners.knowsHead || request.method != "HEAD" else { return TestResponse(status: 501) }
        let parts = request.path.split(separator: "/").map { $0.removingPercentEncoding! }
        if parts.starts(with: ["api", "models", "tiny", "model", "revision"]), state.manners.hasListing {
            guard serves(parts[5]) else { return refusal(404, "RevisionNotFound") }
            let names = state.files.keys.sorted() + state.manners.strayNames
            let body = try! JSONSerialization.data(withJSONObject: [
                "id": "tiny/model", "sha": state.commit, "siblings": names.map { ["rfilename": $0] },
            ])
            return TestResponse(headers: ["Content-Type": "application/json"], body: body)
        }
        guard parts.starts(with: ["tiny", "model", "resolve"]), parts.count > 4 else {
            return state.manners.hasListing ? refusal(401, "RepoNotFound") : TestResponse(status: 404)
        }
        if !state.manners.servesCommits, parts[3] == state.commit { return TestResponse(status: 404) }
        guard serves(parts[3]) else { return refusal(404, "RevisionNotFound") }
        if let token = state.manners.token, request.headers["authorization"] != "Bearer \(token)" { return refusal(401, "GatedRepo") }
        guard let file = state.files[parts[4...].joined(separator: "/")] else { return refusal(404, "EntryNotFound") }
        let commit = ["X-Repo-Commit": state.commit]
        guard file.isLarge else {
            return ranged(file.data, request, commit.merging(["ETag": "\"\(file.etag)\""]) { $1 })
        }
        let linked = [
            "X-Linked-Etag": "\"\(file.etag)\"", "X-Linked-Size": "\(file.data.count)", "Location": "\(storage.url)/\(file.etag)?signed=1",
        ]
        return TestResponse(status: 302, headers: commit.merging(linked) { $1 }, body: Data("Found".utf8))
    }

    private func answerStorage(_ request: TestRequest) -> TestResponse {
        let etag = request.path.dropFirst().prefix { $0 != "?" }
        guard let file = state.files.values.first(where: { $0.etag == etag }) else { return TestResponse(status: 404) }
        if !state.manners.failures.isEmpty { return TestResponse(status: state.manners.failures.removeFirst()) }
        var response = ranged(state.manners.damaged ?? file.data, request, ["ETag": "\"storage's own\""])
        if !state.manners.cuts.isEmpty { response.cut = state.manners.cuts.removeFirst() }
        response.delay = state.manners.delay
        return response
    }

    private func serves(_ revision: String) -> Bool { ["main", "refs/pr/1", state.commit].contains(revision) }

    private func refusal(_ status: Int, _ code: String) -> TestResponse {
        TestResponse(status: status, headers: ["X-Error-Code": code], body: Data("{\"error\":\"no\"}".utf8))
    }

    private func ranged(_ data: Data, _ request: TestRequest, _ headers: [String: String]) -> TestResponse {
        let start = request.headers["range"].flatMap { Int($0.dropFirst("bytes=".count).dropLast()) } ?? 0
        guard start > 0, !state.manners.ignoresRange else { return TestResponse(headers: headers, body: data) }
        guard start < data.count else { return TestResponse(status: 416, headers: ["Content-Range": "bytes */\(data.count)"]) }
        let range = ["Content-Range": "bytes \(start)-\(data.count - 1)/\(data.count)"]
        return TestResponse(status: 206, headers: headers.merging(range) { $1 }, body: data.dropFirst(start))
    }
}
