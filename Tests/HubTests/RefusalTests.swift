import Foundation
import Hub
import Support
import Testing

@Suite struct RefusalTests {
    @Test func noAccess() throws {
        let hub = HubCase()
        hub.hub.manners.token = "hf_other"
        let problem = try #require(hub.problem { try hub.fetch() })
        #expect(problem.message.contains("(401 for "))
        #expect(problem.hint?.contains("licence") == true && problem.hint?.contains("HF_TOKEN") == true)
        #expect(problem.exitCode == .badInput)
        #expect(hub.hub.hub.requests.count == 2, "asked once, not again and again")
    }

    @Test func noSuchModelRevisionOrFile() throws {
        let hub = HubCase()
        let settings = HubSettings(endpoint: hub.hub.hub.url, cache: hub.cache)
        let model = try #require(hub.problem { try ModelHub(settings).fetch(HubRepository("tiny/mode")) })
        #expect(model.message.contains("tiny/mode ") && model.hint?.contains("Check the name") == true)
        let revision = try #require(hub.problem { try hub.fetch(revision: "v9") })
        #expect(revision.message.contains("no revision 'v9' of tiny/model (404"))
        let file = try #require(hub.problem { try hub.fetch(.named(["model.safetensor"])) })
        #expect(file.message.contains("no file 'model.safetensor'") && file.hint == "Did you mean 'model.safetensors'?")
        hub.hub.manners.hasListing = false
        let unlisted = try #require(hub.problem { try hub.fetch(.named(["absent.json"])) })
        #expect(unlisted.message.contains("no 'absent.json' of tiny/model (404"))
        #expect(!FileManager.default.fileExists(atPath: hub.cache.path), "nothing was written")
    }

    @Test func noNetwork() throws {
        let hub = HubCase()
        hub.hub.hub.stop()
        let problem = try #require(hub.problem { try hub.fetch() })
        #expect(problem.message.contains("cannot download from 127.0.0.1") && problem.hint?.contains("--offline") == true)
        #expect(hub.notes.count == 2, "tried three times")
    }

    @Test func withoutNetworkTheCacheServes() throws {
        let hub = HubCase()
        let first = try hub.fetch()
        hub.hub.hub.stop()
        #expect(try hub.fetch() == first)
        #expect(hub.notes.last?.contains("the cache has") == true)
    }

    @Test func offlineAndNotCached() throws {
        let hub = HubCase()
        let nothing = try #require(hub.problem { try hub.fetch(offline: true) })
        #expect(nothing.message.contains("tiny/model is not in the cache") && nothing.hint?.contains("--offline") == true)
        try hub.fetch(.named(["config.json"]))
        let noWeights = try #require(hub.problem { try hub.fetch(offline: true) })
        #expect(noWeights.message.contains("weights"))
        let file = try #require(hub.problem { try hub.fetch(.named(["README.md"]), offline: true) })
        #expect(file.message.contains("'README.md'"))
        #expect(hub.hub.hub.requests.allSatisfy { !$0.path.contains("safetensors") })
    }

    @Test(arguments: ["../x", "a/../../x", "/etc/passwd", "a//b", "", ".", "a\\b", "a\nb"])
    func namesThatLeadOutAreRefused(_ name: String) throws {
        let hub = HubCase()
        #expect(hub.problem { try hub.fetch(.named([name])) }?.message.contains("refused the file name") == true)
        #expect(hub.hub.hub.requests.isEmpty)
        // Nor does a hub get its way.
        hub.hub.manners.strayNames = [name]
        #expect(hub.problem { try hub.fetch() }?.message.contains("refused the file name") == true)
        #expect(!FileManager.default.fileExists(atPath: hub.cache.path))
    }

    @Test func badNamesAndAddresses() {
        for name in ["model", "a/b/c", "../b", "a/..", "a/", "/b", "a b/c", "a--b/c", "a/b.git", "-a/b", "ä/b"] {
            #expect(throws: UserError.self, "\(name)") { try HubRepository(name) }
        }
        #expect(throws: UserError.self) { try HubSettings(endpoint: "ftp://hub", environment: [:]) }
        #expect(throws: UserError.self) { try HubSettings(environment: ["HF_ENDPOINT": "hub.example"]) }
        let hub = HubCase()
        #expect(hub.problem { try hub.fetch(revision: "../main") }?.exitCode == .usage)
    }

    @Test(arguments: ["", "abc\"/../x", "../../x", ".hidden"])
    func anEtagThatIsNoNameIsRefused(_ etag: String) throws {
        let server = TestServer { _ in
            TestResponse(headers: ["ETag": "\"\(etag)\"", "X-Repo-Commit": String(repeating: "c", count: 40)], body: Data("{}".utf8))
        }
        defer { server.stop() }
        let cache = FileManager.default.temporaryDirectory.appendingPathComponent("segdistill-hub-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: cache) }
        let hub = ModelHub(HubSettings(endpoint: server.url, cache: cache))
        #expect(throws: UserError.self) { try hub.fetch(HubRepository("tiny/model"), files: .named(["config.json"])) }
        #expect(!FileManager.default.fileExists(atPath: cache.path))
    }

    @Test func endlessRedirectsEnd() throws {
        let server = TestServer { request in TestResponse(status: 302, headers: ["Location": request.path + "x"]) }
        defer { server.stop() }
        let cache = FileManager.default.temporaryDirectory.appendingPathComponent("segdistill-hub-\(UUID().uuidString)")
        let hub = ModelHub(HubSettings(endpoint: server.url, cache: cache))
        #expect(throws: UserError.self) { try hub.fetch(HubRepository("tiny/model")) }
        #expect(server.requests.count == 11)
    }
}
