import Foundation
import SegData
import Support
import Testing
import Vision

/// The objects that a teacher has found, in a file.
@Suite struct PseudoLabelTests {
    private let folder: TemporaryFolder
    private var file: URL { folder["pseudo-labels.json"] }
    private let classes = ClassList(names: ["cat", "dog"])

    init() throws { folder = try TemporaryFolder() }

    /// A rectangle in 24×18 pixels.
    private func mask(_ columns: Range<Int>, _ rows: Range<Int>) -> RunLengthMask {
        var raster = LabelMap(width: 24, height: 18)
        for y in rows { for x in columns { raster.values[y * 24 + x] = 1 } }
        return RunLengthMask(raster, where: 1)
    }

    private func info(_ digest: String = "abcdef0123456789", threshold: Double = 0.3) -> PseudoLabelInfo {
        PseudoLabelInfo(
            teacher: .init(name: "mask2former-resnet18", path: "runs/t", digest: digest), threshold: threshold, dataset: "tiny", images: "")
    }

    /// Objects in two of three images: two and one.
    @discardableResult
    private func write(_ count: Int = 3) throws -> PseudoLabels {
        let draft = try PseudoLabelDraft(for: file, info(), classes: classes)
        for index in 0..<count {
            var objects = [ScoredInstance(category: 1, score: 0.95, mask: mask(2..<8, 3..<9))]
            if index == 0 { objects.append(.init(category: 0, score: 0.4, mask: mask(10..<13, 0..<18))) }
            try draft.append("tiny/\(index)", file: "\(index).png", size: Size(width: 24, height: 18), index == 2 ? [] : objects)
        }
        return try draft.finish((0..<count).map { "tiny/\($0)" })
    }

    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "accepted"
    }

    // MARK: Post-processing

    /// By run lengths as by pixels, one after the other.
    @Test func aPixelBelongsToTheSurestObject() {
        var random = SeededRandom(5)
        for _ in 0..<200 {
            let objects = (0..<random.below(9)).map { _ in
                let (x, y) = (random.below(24), random.below(18))
                // Few scores, so that there are ties.
                return ScoredInstance(
                    category: random.below(2), score: Double(random.below(5)) / 4,
                    mask: mask(x..<min(24, x + random.below(14)), y..<min(18, y + random.below(14))))
            }
            var owner = LabelMap(width: 24, height: 18)
            var expected: [ScoredInstance] = []
            for score in stride(from: 1.0, through: 0.3, by: -0.25) {
                for object in objects where object.score == score {
                    var own = LabelMap(width: 24, height: 18)
                    object.mask.paint(1, into: &own)
                    for pixel in own.values.indices where owner.values[pixel] == 1 { own.values[pixel] = 0 }
                    object.mask.paint(1, into: &owner)
                    if own.values.contains(1) {
                        expected.append(.init(category: object.category, score: score, mask: RunLengthMask(own, where: 1)))
                    }
                }
            }
            #expect(objects.painted(threshold: 0.3) == expected)
        }
        let broken = ScoredInstance(category: 0, score: .nan, mask: mask(0..<2, 0..<2))
        #expect([broken].painted(threshold: 0).isEmpty)
    }

    // MARK: The file

    @Test func whatIsWrittenIsReadBack() throws {
        let written = try write()
        let read = try PseudoLabels(contentsOf: file)
        #expect(read == written)
        #expect(read.info == info() && read.classes.names == ["cat", "dog"])
        #expect(PseudoLabels.isThere(file) && !PseudoLabels.isThere(folder["other.json"]))
        let bytes = try Data(contentsOf: file)
        try write()
        #expect(try Data(contentsOf: file) == bytes)
        // Any COCO tool reads it.
        let coco = try COCOFile(contentsOf: file)
        #expect(coco.images.map(\.fileName) == ["0.png", "1.png", "2.png"])
        #expect(coco.annotations.map(\.score) == [0.95, 0.4, 0.95] && coco.annotations.map(\.area) == [36, 54, 36])
        #expect(!FileManager.default.fileExists(atPath: file.path + ".partial"))
    }

    @Test func aDraftGoesOnWhereItStopped() throws {
        let whole = try write()
        let bytes = try Data(contentsOf: file)
        try FileManager.default.removeItem(at: file)
        let size = Size(width: 24, height: 18)
        func objects(_ index: Int) -> [ScoredInstance] {
            whole.file.annotations.filter { $0.image == index + 1 }.map {
                guard case .runs(let mask) = $0.segmentation else { fatalError() }
                return ScoredInstance(category: $0.category - 1, score: $0.score!, mask: mask)
            }
        }
        // Not in the data set's order, and then cut off in the middle of a line.
        do {
            let draft = try PseudoLabelDraft(for: file, info(), classes: classes)
            for index in [2, 0] { try draft.append("tiny/\(index)", file: "\(index).png", size: size, objects(index)) }
        }
        let partial = file.appendingPathExtension("partial")
        let handle = try FileHandle(forWritingTo: partial)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"name\":\"tiny/1\",\"wid".utf8))
        try handle.close()
        let draft = try PseudoLabelDraft(for: file, info(), classes: classes)
        #expect(draft.count == 2 && draft.contains("tiny/0") && !draft.contains("tiny/1"))
        try draft.append("tiny/1", file: "1.png", size: size, objects(1))
        #expect(!FileManager.default.fileExists(atPath: file.path))
        #expect(try draft.finish((0..<3).map { "tiny/\($0)" }) == whole)
        #expect(try Data(contentsOf: file) == bytes)
        // Of another teacher nothing is taken over.
        do { try PseudoLabelDraft(for: file, info(), classes: classes).append("tiny/0", file: "", size: size, []) }
        #expect(try PseudoLabelDraft(for: file, info("other"), classes: classes).count == 0)
    }

    @Test func whatCannotBeUsedIsRefused() throws {
        try write()
        let text = try String(contentsOf: file, encoding: .utf8)
        func refusal(_ old: String, _ new: String) throws -> String {
            #expect(text.contains(old))
            try folder.write(text.replacingOccurrences(of: old, with: new), to: "changed.json")
            return message { _ = try PseudoLabels(contentsOf: folder["changed.json"]) }
        }
        #expect(try refusal("pseudo-labels by segdistill", "else").contains("does not say which teacher wrote it"))
        #expect(
            try refusal("\"segmentation\":", "\"other\":").contains("annotation 1: expected a mask of runs, found a box without a mask"))
        #expect(try refusal("\"score\":", "\"sure\":").contains("annotation 1 has no score"))
        #expect(try refusal("tiny/1", "tiny/0").contains("1 images are there twice: tiny/0"))
        try folder.write(String(text.prefix(text.count / 2)), to: "half.json")
        #expect(message { _ = try PseudoLabels(contentsOf: folder["half.json"]) }.contains("half.json"))
    }

    @Test func staleOnesAreRefused() throws {
        let labels = try write()
        func refusal(_ digest: String?, _ threshold: Double) -> String {
            let teacher = digest.map { PseudoLabelInfo.Teacher(name: "mask2former-resnet18", path: "runs/t", digest: $0) }
            return message { try labels.info.check(against: teacher, threshold: threshold, file: "f.json") }
        }
        #expect(refusal("abcdef0123456789", 0.3) == "accepted" && refusal(nil, 0.5) == "accepted")
        let stale = refusal("0011223344556677", 0.3)
        #expect(stale.contains("f.json: the pseudo-labels are stale: they are of mask2former-resnet18 at runs/t (SHA-256 abcdef012345…)"))
        #expect(stale.contains("segdistill pseudo-label runs/t RECIPE --threshold 0.3 --out f.json"))
        #expect(refusal(nil, 0.2).contains("no objects with scores below 0.3, and those from 0.2 are wanted"))
    }

    // MARK: As a data set

    @Test func theyAreTheObjectsOfTheirImages() throws {
        let labels = try write(4)
        let base = TinyDataset(count: 3)
        let data = try PseudoLabelledDataset(base, labels, threshold: 0.3, classes: classes)
        #expect(data.count == 3 && data.name(1) == "tiny/1" && data.instanceClasses == classes)
        let sample = try data.sample(0)
        #expect(sample.image == (try base.sample(0).image))
        #expect(sample.labels?.histogram[0] == 24 * 18)
        #expect(sample.instances?.map(\.category) == [1, 0])
        #expect(sample.instances?.first?.mask == mask(2..<8, 3..<9))
        #expect(try data.sample(2).instances == [])
        let sure = try PseudoLabelledDataset(base, labels, threshold: 0.5, classes: classes)
        #expect(try sure.sample(0).instances?.map(\.category) == [1])
    }

    @Test func otherImagesAndOtherClassesAreRefused() throws {
        let labels = try write()
        func refusal(_ base: TinyDataset, _ classes: ClassList) -> String {
            message { _ = try PseudoLabelledDataset(base, labels, threshold: 0.3, classes: classes).sample(0) }
        }
        #expect(refusal(TinyDataset(count: 3), classes) == "accepted")
        #expect(refusal(TinyDataset(count: 5), classes).contains("2 of 5 unlabelled images are not in it: tiny/3, tiny/4"))
        #expect(
            refusal(TinyDataset(count: 3), ClassList(names: ["dog", "cat"])).contains(
                "its classes are cat, dog, the data's dog, cat"))
        #expect(refusal(TinyDataset(count: 3, width: 30), classes).contains("tiny/0 was 24×18 when its objects were found, it is 30×18"))
    }

    @Test func statistics() throws {
        let found = try PseudoLabelStatistics(write())
        #expect(found.images == 3 && found.emptyImages == 1 && found.objects == [1, 2])
        #expect(found.scores == [0, 0, 0, 0, 1, 0, 0, 0, 0, 2])
        #expect(found.objectsPerImage == [0, 1, 2] && found.areas == [36, 36, 54])
        #expect(found.sizes == (3, 0, 0))
        #expect(found.text.contains("3 objects of at least 0.3 in 3 images of tiny, 1 of them without any"))
        #expect(found.text.contains("0.9–1.0        2  66.7  ██████████████████████████████"))
        #expect(found.text.contains("dog          2  66.7"))
    }
}
