import Foundation
import SegData
import Support
import Testing
import Vision

/// What the check finds in whole data sets.
@Suite struct CheckTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A data set in memory with the label maps given.
    private struct Made: Dataset {
        var classes = ClassList(names: ["road", "sky", "car"])
        var instanceClasses: ClassList?
        var values: [[UInt8]]
        var instances: [[Instance]]?
        var images: [Image]?
        var count: Int { values.count }
        func name(_ index: Int) -> String { "made/\(index)" }
        func sample(_ index: Int) -> Sample {
            let labels = LabelMap(width: 4, height: 2, values: values[index])
            return Sample(
                name: name(index), image: images?[index] ?? Image(width: 4, height: 2), labels: labels, instances: instances?[index])
        }
    }

    private func titles(_ dataset: some Dataset) -> [String] { DatasetCheck(dataset).suspicions.map(\.title) }

    @Test func soundLabelsRaiseNoSuspicion() {
        #expect(titles(Made(values: [[0, 1, 2, 2, 0, 1, 2, 255]])).isEmpty)
    }

    @Test func idsThatStartAtOne() {
        let check = DatasetCheck(Made(values: [[1, 2, 3, 3, 1, 1, 1, 1], [1, 1, 2, 2, 2, 2, 2, 2]]))
        #expect(check.problems.map(\.kind) == [.value])
        #expect(check.suspicions.first?.title == "ids shifted by one")
        #expect(check.suspicions.first?.message.contains("some have 3") == true)
        // A value further out, or a 0, is something else.
        #expect(!titles(Made(values: [[1, 2, 4, 3, 1, 1, 1, 1]])).contains("ids shifted by one"))
        #expect(!titles(Made(values: [[1, 2, 3, 3, 1, 1, 1, 0]])).contains("ids shifted by one"))
    }

    @Test func masksOf0And255() {
        let binary = ClassList(names: ["background", "cell"])
        #expect(titles(Made(classes: binary, values: [[0, 0, 255, 255, 0, 0, 0, 0]])) == ["cell is 255", "never occurs"])
    }

    @Test func backgroundIs255() {
        let classes = ClassList(names: ["background", "cat", "dog"])
        #expect(titles(Made(classes: classes, values: [[1, 2, 255, 255, 1, 1, 1, 1]])) == ["background is 255", "never occurs"])
        #expect(titles(Made(classes: classes, values: [[0, 2, 255, 255, 1, 1, 1, 1]])).isEmpty)
    }

    @Test func movedDownTwice() {
        let dataset = Made(values: [[0, 1, 255, 255, 1, 1, 1, 1]])
        #expect(titles(dataset) == ["moved down twice", "never occurs"])
        #expect(DatasetCheck(dataset).suspicions[0].message.contains("road became 255"))
    }

    @Test func mostlyIgnored() {
        #expect(titles(Made(values: [[0, 1, 2, 255, 255, 255, 255, 255]])) == ["255 covers most"])
    }

    @Test func boxesAndMasksThatDisagree() {
        func instance(_ columns: Range<Int>, box: Box?, isCrowd: Bool = false) -> Instance {
            var map = LabelMap(width: 40, height: 20)
            for x in columns { for y in 0..<10 { map.values[y * 40 + x] = 1 } }
            return Instance(category: 0, mask: RunLengthMask(map, where: 1), box: box, isCrowd: isCrowd, id: 7)
        }
        struct Objects: Dataset {
            let objects: [[Instance]]
            var classes: ClassList { ClassList([]) }
            var instanceClasses: ClassList? { ClassList(names: ["cell"]) }
            var count: Int { objects.count }
            func name(_ index: Int) -> String { "objects/\(index)" }
            func sample(_ index: Int) -> Sample {
                Sample(name: name(index), image: Image(width: 40, height: 20), labels: nil, instances: objects[index])
            }
        }
        let far = Box(x: 25, y: 0, width: 10, height: 10)
        let check = DatasetCheck(
            Objects(objects: [
                [instance(0..<10, box: nil), instance(0..<10, box: Box(x: 0.4, y: 0, width: 9.3, height: 9.8))],
                [instance(0..<10, box: far)], [instance(0..<0, box: far)], [instance(0..<10, box: far, isCrowd: true)],
                [instance(0..<10, box: Box(x: 0, y: 0, width: -1, height: 4))],
                [instance(0..<10, box: Box(x: 1e20, y: 0, width: 5, height: 5))],
            ]))
        #expect(check.problems.map(\.index) == [1, 2, 4, 5] && check.problems.allSatisfy { $0.kind == .objects })
        #expect(
            check.problems[0].message
                == "objects/1: object 7 has its mask at (0, 0, 10, 10), its box at (25, 0, 10, 10); left, top, width, height")
        #expect(check.problems[1].message.contains("empty mask"))
        #expect(check.objects == [3])
    }

    @Test func missingPairsAreLeftOutAndListed() throws {
        try writePair(folder, image: "images/1.png", labels: "labels/1.png", value: 0)
        try writePair(folder, image: "images/2.png", labels: nil)
        try LabelMap(width: 8, height: 6).write(to: folder["labels/3.png"])
        var options = DatasetOptions(root: folder.url)
        options.classes = ClassList(names: ["a", "b"])
        #expect(throws: UserError.self) { try DatasetKind.folder.open(".", options) }
        options.leavesOutUnpaired = true
        let check = DatasetCheck(try DatasetKind.folder.open(".", options))
        #expect(check.count == 1 && check.usableCount == 1)
        #expect(check.problems.map(\.kind) == [.unpaired, .unpaired])
        #expect(check.problems.map(\.name) == ["2", "3"])
        #expect(throws: UserError.self) { try check.validate() }
    }

    // MARK: Pictures that are alike

    @Test func alikePicturesAreFound() throws {
        let street = try StreetScenes(seed: 1, count: 4, width: 96, height: 64)
        let images = (0..<4).map { street.sample($0).image }
        let copy = images[1].resized(width: 120, height: 80)
        var brighter = images[2]
        for index in brighter.pixels.indices { brighter.pixels[index] = UInt8(min(255, Int(brighter.pixels[index]) + 3)) }
        let compressed = try Image(decoding: Array(JPEG.encode(images[3], quality: 60)), name: "copy")
        func check(_ images: [Image]) -> DatasetCheck {
            DatasetCheck(Pictures(images: images))
        }
        let found = Duplicates([check(images), check([copy, brighter]), check([compressed, compressed])])
        #expect(
            found.across.map { $0.map { [$0.split, $0.index] } } == [
                [[0, 1], [1, 0]], [[0, 2], [1, 1]], [[0, 3], [2, 0], [2, 1]],
            ])
        #expect(found.within.isEmpty)
        #expect(Duplicates([check([compressed, compressed])]).within.count == 1)
        // Pictures of one colour tell nothing.
        #expect(Duplicates([check([Image(width: 9, height: 9), Image(width: 9, height: 9)])]).within.isEmpty)
    }

    private struct Pictures: Dataset {
        let images: [Image]
        var classes: ClassList { ClassList([]) }
        var count: Int { images.count }
        func name(_ index: Int) -> String { "\(index)" }
        func sample(_ index: Int) -> Sample { Sample(name: name(index), image: images[index], labels: nil) }
    }

    @Test func hashBitsAreComparisonsOfNeighbours() {
        // 9×8 cells of one pixel each: brightness falls from column 2 to column 3 in row 1 alone.
        var image = Image(width: 9, height: 8, filledWith: 100)
        for x in 0..<3 { for c in 0..<3 { image.pixels[3 * (9 + x) + c] = 200 } }
        let hash = PerceptualHash(image)
        #expect(hash.bits == 1 << 10 && hash.isTelling)
        #expect(hash.distance(to: PerceptualHash(Image(width: 9, height: 8, filledWith: 100))) == 1)
    }

    // MARK: Putting aside

    @Test func unusableSamplesArePutAside() throws {
        for name in 0..<5 { try writePair(folder, image: "images/\(name).png", labels: "labels/\(name).png", value: 0) }
        try Data().write(to: folder["images/1.png"])
        try LabelMap(width: 8, height: 6, filledWith: 9).write(to: folder["labels/3.png"])
        let base = try FileDataset(
            images: folder.url.appendingPathComponent("images"), labels: folder.url.appendingPathComponent("labels"),
            classes: ClassList(names: ["a", "b"]))
        let sound = try SoundDataset(readingAllOf: base)
        #expect((0..<sound.count).map(sound.name) == ["0", "2", "4"])
        #expect(sound.leftOut.map(\.name) == ["1", "3"])
        #expect(sound.leftOut[0].message.contains("images/1.png: the file is empty"))
        for name in [0, 2] { try Data().write(to: folder["images/\(name).png"]) }
        #expect { try SoundDataset(readingAllOf: base) } throws: { "\($0)".contains("4 of 5 samples cannot be used") }
    }

    @Test func picturesOfACheck() throws {
        let dataset = Made(values: [[0, 1, 2, 2, 0, 1, 2, 255], [0, 1, 9, 2, 0, 1, 2, 255]])
        let part = CheckPage.Part(name: "train", dataset: dataset, check: DatasetCheck(dataset))
        try CheckPage([part], Duplicates([part.check])).write(to: folder["page"])
        let page = try String(contentsOf: folder["page/check.html"], encoding: .utf8)
        #expect(page.contains("1 faults") && page.contains("sample-0-0.jpg") && page.contains("2 car <small>37.50%</small>"))
        #expect(FileManager.default.fileExists(atPath: folder["page/sample-0-0.jpg"].path))
    }
}
