import Foundation
import Hub
import Support
import Testing

@Suite struct ResumptionTests {
    private var weights: HubFiles { .named(["model.safetensors"]) }

    @Test func aCutConnectionIsGoneOnWith() throws {
        let hub = HubCase()
        hub.hub.manners.cuts = [100_000, 50_000]
        let snapshot = try hub.fetch(weights)
        #expect(try Data(contentsOf: snapshot.folder.appendingPathComponent("model.safetensors")) == HubCase.weights)
        #expect(hub.hub.storage.requests.map { $0.headers["range"] } == [nil, "bytes=100000-", "bytes=150000-"])
        #expect(hub.notes.count == 2, "\(hub.notes)")
    }

    @Test func aLaterRunGoesOnWhereAnEarlierGaveUp() throws {
        let hub = HubCase()
        hub.hub.manners.cuts = [120_000]
        let problem = try #require(hub.problem { try hub.fetch(weights, attempts: 1) })
        #expect(problem.exitCode == .interrupted && problem.hint?.contains("again") == true)
        #expect(hub.incomplete == ["\(hub.hub.etag("model.safetensors")).incomplete"])
        #expect(!hub.exists("refs/main"))
        #expect(hub.problem { try hub.fetch(weights, offline: true) } != nil, "half a file is not in the cache")
        let snapshot = try hub.fetch(weights)
        #expect(hub.hub.storage.requests.last?.headers["range"] == "bytes=120000-")
        #expect(hub.events.contains(.begin(files: 1, bytes: 300_000, present: 120_000)))
        #expect(try Data(contentsOf: snapshot.folder.appendingPathComponent("model.safetensors")) == HubCase.weights)
        #expect(hub.incomplete.isEmpty)
    }

    @Test func aServerWithoutRangesSendsAllAgain() throws {
        let hub = HubCase()
        hub.hub.manners.cuts = [200_000]
        hub.hub.manners.ignoresRange = true
        let snapshot = try hub.fetch(weights)
        #expect(hub.hub.storage.requests.count == 2)
        #expect(try Data(contentsOf: snapshot.folder.appendingPathComponent("model.safetensors")) == HubCase.weights)
    }

    @Test func busyServersAreAskedAgain() throws {
        let hub = HubCase()
        hub.hub.manners.failures = [503, 429]
        try hub.fetch(weights)
        #expect(hub.hub.storage.requests.count == 3)
        let other = HubCase()
        other.hub.manners.failures = [500, 502, 503, 504]
        let problem = try #require(other.problem { try other.fetch(weights) })
        #expect(problem.message.contains("503"))
        #expect(other.hub.storage.requests.count == 3)
    }

    @Test func aDamagedFileIsDeletedAndSaidSo() throws {
        let hub = HubCase()
        hub.hub.manners.damaged = Data(HubCase.weights.reversed())
        let problem = try #require(hub.problem { try hub.fetch(weights) })
        #expect(problem.message.contains("SHA-256 \(hub.hub.etag("model.safetensors"))") && problem.message.contains("deleted"))
        #expect(hub.incomplete.isEmpty)
        #expect(!hub.exists("blobs/\(hub.hub.etag("model.safetensors"))"))
        hub.hub.manners.damaged = nil
        try hub.fetch(weights)
    }

    @Test func moreBytesThanStatedAreRefused() throws {
        let hub = HubCase()
        hub.hub.manners.damaged = HubCase.weights + Data([0])
        let problem = try #require(hub.problem { try hub.fetch(weights) })
        #expect(problem.message.contains("more than the 300000 bytes"))
        #expect(!hub.exists("blobs/\(hub.hub.etag("model.safetensors"))"))
    }

    @Test func aPartThatIsNotThisFilesIsFoundOut() throws {
        let hub = HubCase()
        let blobs = hub.folder.appendingPathComponent("blobs")
        try FileManager.default.createDirectory(at: blobs, withIntermediateDirectories: true)
        let part = blobs.appendingPathComponent("\(hub.hub.etag("model.safetensors")).incomplete")
        try Data(repeating: 7, count: 1000).write(to: part)
        #expect(hub.problem { try hub.fetch(weights) }?.message.contains("arrived damaged") == true)
        // One that is longer than the file is thrown away at once.
        try Data(repeating: 7, count: 300_001).write(to: part)
        try hub.fetch(weights)
        #expect(hub.hub.storage.requests.last?.headers["range"] == nil)
    }

    @Test func aRequestToStopKeepsWhatHasArrived() throws {
        let hub = HubCase()
        hub.hub.manners.cuts = [100_000]
        let problem = try #require(
            hub.problem { try hub.fetch(weights, isCancelled: { [unowned hub] in !hub.notes.isEmpty }) })
        #expect(problem.exitCode == .interrupted && problem.message.contains("kept"))
        #expect(hub.incomplete.count == 1)
    }
}
