import Foundation
import Hub
import Support
import Testing

@Suite struct FetchTests {
    @Test func aFreshDownloadHasThePythonHubsLayout() throws {
        let hub = HubCase()
        let snapshot = try hub.fetch()
        #expect(snapshot.commit == hub.hub.commit)
        #expect(snapshot.files == HubCase.standardNames)
        #expect(snapshot.folder.path == hub.folder.path + "/snapshots/\(hub.hub.commit)")
        #expect(try hub.text("refs/main") == hub.hub.commit)
        let link = snapshot.folder.appendingPathComponent("model.safetensors").path
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "../../blobs/\(hub.hub.etag("model.safetensors"))")
        for name in HubCase.standardNames {
            #expect(try Data(contentsOf: snapshot.folder.appendingPathComponent(name)) == HubCase.standard[name])
            #expect(hub.exists("blobs/\(hub.hub.etag(name))"))
        }
        #expect(!hub.exists("snapshots/\(hub.hub.commit)/pytorch_model.bin"))
        #expect(hub.incomplete.isEmpty)
        #expect(hub.hub.etag("model.safetensors").count == 64 && hub.hub.etag("config.json").count == 40)
    }

    @Test func progressTellsOfAllBytesOnce() throws {
        let hub = HubCase()
        try hub.fetch()
        let total = HubCase.standardNames.reduce(0) { $0 + HubCase.standard[$1]!.count }
        #expect(hub.events.first == .begin(files: 4, bytes: total, present: 0))
        let bytes = hub.events.compactMap { if case .progress(_, let bytes) = $0 { bytes } else { nil } }
        #expect(bytes.last == total && bytes == bytes.sorted())
    }

    @Test func whatIsInTheCacheIsNotFetchedAgain() throws {
        let hub = HubCase()
        let first = try hub.fetch()
        hub.hub.hub.forget()
        hub.hub.storage.forget()
        #expect(try hub.fetch() == first)
        // Only what the revision stands for was asked.
        #expect(hub.hub.hub.requests.map(\.path) == ["/api/models/tiny/model/revision/main"])
        #expect(try hub.fetch(offline: true) == first)
        #expect(try hub.fetch(revision: first.commit) == first)
        #expect(try hub.fetch(.named(["config.json"]), offline: true).folder == first.folder)
        #expect(hub.hub.hub.requests.count == 1 && hub.hub.storage.requests.isEmpty)
    }

    @Test func aNewCommitKeepsWhatIsUnchanged() throws {
        let hub = HubCase()
        let first = try hub.fetch()
        var files = HubCase.standard
        files["config.json"] = Data(#"{"model_type": "new"}"#.utf8)
        hub.hub.publish(files, commit: String(repeating: "b", count: 40))
        hub.hub.storage.forget()
        let second = try hub.fetch()
        #expect(second.commit != first.commit)
        #expect(try hub.text("refs/main") == second.commit)
        #expect(try Data(contentsOf: second.folder.appendingPathComponent("config.json")) == files["config.json"])
        #expect(try Data(contentsOf: first.folder.appendingPathComponent("config.json")) == HubCase.standard["config.json"])
        #expect(hub.hub.storage.requests.isEmpty, "the weights did not change")
    }

    @Test func namedFilesAndSubfolders() throws {
        let hub = HubCase()
        let snapshot = try hub.fetch(.named(["onnx/model.bin"]), revision: "refs/pr/1")
        #expect(try Data(contentsOf: snapshot.folder.appendingPathComponent("onnx/model.bin")) == Data("other".utf8))
        let link = snapshot.folder.appendingPathComponent("onnx/model.bin").path
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "../../../blobs/\(hub.hub.etag("onnx/model.bin"))")
        #expect(try hub.text("refs/refs/pr/1") == hub.hub.commit)
        #expect(!hub.exists("snapshots/\(hub.hub.commit)/config.json"))
    }

    @Test func aHubThatDoesNotKnowHead() throws {
        let hub = HubCase()
        hub.hub.manners.knowsHead = false
        let snapshot = try hub.fetch()
        #expect(try Data(contentsOf: snapshot.folder.appendingPathComponent("model.safetensors")) == HubCase.weights)
        #expect(hub.hub.storage.requests.count == 1)
    }

    @Test func aHubWithoutListOrCommits() throws {
        let hub = HubCase()
        hub.hub.manners.hasListing = false
        #expect(try hub.fetch(.named(["config.json", "model.safetensors"])).commit == hub.hub.commit)
        let other = HubCase()
        other.hub.manners.servesCommits = false
        #expect(try other.fetch().files == HubCase.standardNames)
    }

    @Test func theTokenGoesToTheHubAlone() throws {
        let hub = HubCase()
        hub.hub.manners.token = "hf_secret"
        hub.token = "hf_secret"
        try hub.fetch()
        #expect(hub.hub.hub.requests.allSatisfy { $0.headers["authorization"] == "Bearer hf_secret" })
        #expect(hub.hub.storage.requests.count == 1)
        #expect(hub.hub.storage.requests.allSatisfy { $0.headers["authorization"] == nil })
    }

    @Test func concurrentFetchesShareOneDownload() async throws {
        let hub = HubCase()
        hub.hub.manners.delay = 0.2
        let (server, cache) = (hub.hub, hub.cache)
        let folders = try await withThrowingTaskGroup(of: URL.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await onThread {
                        let settings = HubSettings(endpoint: server.hub.url, cache: cache)
                        return try ModelHub(settings, attempts: 3, firstDelay: 0.01).fetch(server.repository).folder
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(folders.count == 2 && folders[0] == folders[1])
        #expect(server.storage.requests.count == 1)
        #expect(try Data(contentsOf: folders[0].appendingPathComponent("model.safetensors")) == HubCase.weights)
        #expect(hub.incomplete.isEmpty)
    }
}

/// Runs what blocks on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
