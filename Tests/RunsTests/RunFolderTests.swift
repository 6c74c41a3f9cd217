import Foundation
import Runs
import SegEval
import Support
import Testing

/// A folder that is removed at the end of the test.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("runs-tests-\(UUID().uuidString)", isDirectory: true)

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    subscript(name: String) -> URL { url.appendingPathComponent(name, isDirectory: true) }
}

func info(arm: String = "kd", method: String? = "kd", seed: Int = 1) -> RunInfo {
    RunInfo(
        arm: arm, role: .student, method: method, seed: seed, dataset: "camvid", model: "espnet", parameters: 363_000, steps: 100,
        created: Date(timeIntervalSince1970: 1_700_000_000))
}

@Suite struct RunFolderTests {
    let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private func create(_ info: RunInfo = info(), _ existing: RunFolder.Existing = .refuse) throws -> RunFolder {
        try RunFolder.create(at: temporary["run"], info: info, recipe: "method: kd\n", existing: existing)
    }

    private func message(_ body: () throws -> some Any) -> String {
        do {
            _ = try body()
            return "nothing was thrown"
        } catch {
            #expect((error as? UserError)?.exitCode == .badInput)
            return "\(error)"
        }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let folder = try create()
        #expect(try folder.readInfo() == info())
        #expect(folder.readRecipe() == "method: kd\n")
        #expect(try folder.readEnvironment() == nil)
        let environment = RunEnvironment(segdistill: "0.1.0", libTorch: "2.11.0", device: "cpu", threads: 2)
        try folder.writeEnvironment(environment)
        #expect(try folder.readEnvironment() == environment)
        try folder.updateInfo { $0.status = .finished }
        #expect(try RunFolder.open(temporary["run"]).readInfo().status == .finished)
    }

    @Test func anOldRunIsRefusedUnlessToldOtherwise() throws {
        let folder = try create()
        #expect(message { try create() }.contains("Continue it with --resume, replace it with --overwrite"))
        try folder.updateInfo { $0.status = .finished }
        #expect(message { try create() }.contains("holds a finished run"))
    }

    @Test func resumingKeepsEverythingOfTheSameRun() throws {
        let folder = try create()
        try Data("x".utf8).write(to: folder.checkpoints.appendingPathComponent("last.json"))
        _ = try create(info(), .resume)
        #expect(FileManager.default.fileExists(atPath: folder.checkpoints.appendingPathComponent("last.json").path))
        let other = message { try create(info(seed: 2), .resume) }
        #expect(other.contains("is another one: seed was 1, now 2"))
    }

    @Test func overwritingRemovesOnlyWhatARunWrote() throws {
        let folder = try create()
        let (checkpoint, note) = (folder.checkpoints.appendingPathComponent("last.json"), folder.url.appendingPathComponent("notes.txt"))
        let written = [checkpoint, folder.eventsFile, folder.putAsideFile]
        for file in written + [note] { try Data("x".utf8).write(to: file) }
        _ = try create(info(seed: 2), .overwrite)
        for file in written { #expect(!FileManager.default.fileExists(atPath: file.path), "\(file.path)") }
        #expect(FileManager.default.fileExists(atPath: note.path))
        #expect(try folder.readInfo().seed == 2)
    }

    @Test(arguments: [RunFolder.Existing.refuse, .resume, .overwrite]) func foreignFoldersAreNeverTouched(existing: RunFolder.Existing)
        throws
    {
        try FileManager.default.createDirectory(at: temporary["run"], withIntermediateDirectories: true)
        let thesis = temporary["run"].appendingPathComponent("thesis.tex")
        try Data("x".utf8).write(to: thesis)
        #expect(message { try create(info(), existing) }.contains("holds files that are no run of segdistill (thesis.tex)"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary["run"].path) == ["thesis.tex"])
    }

    @Test func opening() throws {
        #expect(message { try RunFolder.open(temporary["missing"]) }.contains("there is no run folder"))
        for name in ["seeds/kd-seed10", "seeds/kd-seed2"] {
            _ = try RunFolder.create(at: temporary[name], info: info(), recipe: "")
        }
        #expect(RunFolder.find(in: temporary.url).map(\.name) == ["kd-seed2", "kd-seed10"])
        #expect(message { try RunFolder.open(temporary["seeds"]) }.contains("kd-seed2"))
    }

    @Test func damagedFilesAreNamed() throws {
        let folder = try create()
        try Data(#"{"arm": "kd", "role": "pupil"}"#.utf8).write(to: folder.infoFile)
        #expect(message { try folder.readInfo() }.contains("run.json is not what this version of segdistill writes: “role”"))
        try Data(#"{"arm": "kd""#.utf8).write(to: folder.infoFile)
        #expect(message { try folder.readInfo() }.contains("it is not JSON, or it was cut short"))
    }

    @Test func metrics() throws {
        let folder = try create()
        let classes = [ScoredClass(name: "sky", color: [0, 0, 255]), ScoredClass(name: "road", color: [90, 90, 90])]
        var metrics = Metrics(
            dataset: "camvid", split: "test", model: "espnet", checkpoint: "best", classes: classes, confusion: [[3, 1], [0, 0]],
            images: [ImageTally(image: "a", intersection: [3, 0], truth: [4, 0], predicted: [3, 1])],
            meanIoU: 0.75, pixelAccuracy: 0.75, meanAccuracy: 0.75, classIoU: [0.75, nil],
            created: Date(timeIntervalSince1970: 1_700_000_000))
        try folder.write(metrics, named: "test")
        #expect(try folder.readMetrics(named: "test") == metrics)
        #expect(folder.metricsNames() == ["test"])
        metrics.confusion = [[3, 1]]
        try folder.write(metrics, named: "val")
        #expect(message { try folder.readMetrics(named: "val") }.contains("2 classes, but confusion has 1 entries"))
        #expect(message { try folder.readMetrics(named: "none") }.contains("none.json"))
    }

    @Test func pictures() throws {
        let folder = try create()
        #expect(try folder.readPictureIndex() == nil)
        let png = Data([0x89, 0x50, 0x4E, 0x47, 1])
        let written = [
            Picture(sample: "0001TP/006690", image: Data([0xFF, 0xD8, 2]), truth: png, prediction: png),
            Picture(sample: "b", image: png, truth: nil, prediction: png),
            Picture(sample: "objects", image: png, truth: nil, prediction: nil),
        ]
        try folder.write(written, classes: [ScoredClass(name: "sky", color: [0, 0, 255])])
        let index = try #require(try folder.readPictureIndex())
        #expect(try index.pictures.map(folder.readPicture) == written)
        #expect(index.pictures.map(\.image) == ["00-0001TP_006690.image.jpg", "01-b.image.png", "02-objects.image.png"])
        try FileManager.default.removeItem(at: folder.pictures.appendingPathComponent(index.pictures[1].prediction!))
        #expect(message { try folder.readPicture(index.pictures[1]) }.contains("01-b.prediction.png"))
    }
}
