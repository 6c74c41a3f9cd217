import Foundation
import SegData
import Support
import Testing
import Vision

/// Tar shards, written by Python's tarfile (scripts/reference/dataset_files.py).
@Suite struct ShardTests {
    let folder: TemporaryFolder
    let classes = ClassList(names: ["road", "sky"])

    init() throws { folder = try TemporaryFolder() }

    private func dataset(_ names: String...) throws -> ShardDataset { try ShardDataset(names.map { fixture($0) }, classes: classes) }

    private func refusal(of body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "accepted"
    }

    @Test func samplesAreReadInTheShardsOrder() throws {
        let data = try dataset("train-000.tar", "train-001.tar")
        #expect((0..<data.count).map(data.name) == ["train-000/a/1", "train-000/a/2", "train-001/b/" + String(repeating: "x", count: 120)])
        #expect(data.shards == [0..<2, 2..<3])
        #expect(try data.sample(0).labels == LabelMap(width: 8, height: 6, filledWith: 1))
        #expect(try data.sample(1).labels == nil)
        #expect(try data.sample(1).image.pixels.allSatisfy { abs(Int($0) - 80) <= 2 })
        #expect(try data.sample(2).labels == LabelMap(width: 8, height: 6, filledWith: 0))
    }

    @Test func longNamesOfGNU() throws {
        let data = try dataset("gnu.tar")
        #expect(data.count == 1 && data.name(0).hasSuffix("xxx"))
        #expect(try data.sample(0).image == Image(width: 8, height: 6, filledWith: 120))
        #expect(try data.sample(0).labels == LabelMap(width: 8, height: 6, filledWith: 0))
    }

    @Test func aFolderOfShardsIsASplit() throws {
        for name in ["train-000.tar", "train-001.tar"] { try FileManager.default.copyItem(at: fixture(name), to: folder[name]) }
        var options = DatasetOptions(root: folder.url)
        options.classes = classes
        #expect(try DatasetKind.named("shards").open("train", options).count == 3)
        #expect(refusal { _ = try DatasetKind.named("shards").open("val", options) }.contains("'val/*.tar' or 'val-*.tar'"))
    }

    @Test func pathsThatLeadOutAreRefused() {
        #expect(
            refusal { _ = try dataset("climbing.tar") }.contains("climbing.tar: the member 'a/../../evil.jpg' has a path that leads out"))
        #expect(refusal { _ = try dataset("absolute.tar") }.contains("absolute.tar: the member '/tmp/evil.jpg' has a path that leads out"))
        #expect(refusal { _ = try dataset("link.tar") }.contains("link.tar: the member 'a/1.jpg' is a link"))
    }

    @Test func cutShardsAreRefused() throws {
        let whole = try Data(contentsOf: fixture("train-000.tar"))
        func message(_ count: Int) throws -> String {
            try whole.prefix(count).write(to: folder["cut.tar"])
            return refusal { _ = try ShardDataset([folder["cut.tar"]], classes: classes) }
        }
        // In the first member's content, in the second header, and between two members.
        #expect(try message(700).contains("cut.tar: the archive is cut short: 'a/1.jpg' should have"))
        let second = 512 + (try #require(firstMemberSize(whole)) + 511) / 512 * 512
        #expect(try message(second + 100).contains("a header at byte \(second) is incomplete"))
        #expect(try message(second).contains("it has no end mark"))
        for count in stride(from: 0, to: second + 1024, by: 97) { #expect(try message(count).contains("cut.tar")) }
    }

    private func firstMemberSize(_ tar: Data) -> Int? { Int(String(decoding: tar[124..<135], as: UTF8.self), radix: 8) }

    @Test func damagedHeadersAreRefused() throws {
        var bytes = try Data(contentsOf: fixture("train-000.tar"))
        bytes[3] ^= 1
        try bytes.write(to: folder["bad.tar"])
        #expect(refusal { _ = try ShardDataset([folder["bad.tar"]], classes: classes) }.contains("bad.tar: the archive is damaged"))
    }

    @Test func damagedMembersAreNamed() throws {
        var bytes = try Data(contentsOf: fixture("train-000.tar"))
        for index in 512..<520 { bytes[index] = 0 }
        try bytes.write(to: folder["bad.tar"])
        let data = try ShardDataset([folder["bad.tar"]], classes: classes)
        #expect(refusal { _ = try data.sample(0) }.contains("bad.tar: a/1.jpg: expected a JPEG or PNG image"))
    }
}
