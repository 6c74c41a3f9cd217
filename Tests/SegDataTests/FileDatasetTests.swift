import Foundation
import SegData
import Support
import Testing
import Vision

@Suite struct FileDatasetTests {
    let folder: TemporaryFolder
    let classes = ClassList(names: ["road", "sky", "car"])

    init() throws { folder = try TemporaryFolder() }

    private func dataset(list: String? = nil, ignoring: Set<UInt8> = [], allowUnlabelled: Bool = false) throws -> FileDataset {
        try FileDataset(
            images: folder.url.appendingPathComponent("images"), labels: folder.url.appendingPathComponent("labels"),
            list: list.map { folder[$0] }, classes: classes, ignoring: ignoring, allowUnlabelled: allowUnlabelled)
    }

    /// Whether `body` throws an error for the user that says all of `words`.
    private func expectMessage(_ words: String..., from body: () throws -> Void, at location: SourceLocation = #_sourceLocation) {
        #expect(sourceLocation: location) { try body() } throws: { error in
            error is UserFacingError && words.allSatisfy { "\(error)".contains($0) }
        }
    }

    @Test func imagesAndLabelsPairUpByPath() throws {
        try writePair(folder, image: "images/b/2.jpg", labels: "labels/b/2.png", value: 2)
        try writePair(folder, image: "images/a/2.png", labels: "labels/a/2.png", value: 255)
        let data = try dataset()
        #expect((0..<data.count).map(data.name) == ["a/2", "b/2"])
        #expect(try data.sample(1).labels == LabelMap(width: 8, height: 6, filledWith: 2))
        #expect(try data.sample(0).labels == LabelMap(width: 8, height: 6, filledWith: 255))
        #expect(try data.sample(0).image == Image(width: 8, height: 6, filledWith: 90))
    }

    @Test func missingPairsAreNamed() throws {
        try writePair(folder, image: "images/1.png", labels: "labels/1.png")
        try writePair(folder, image: "images/2.png", labels: nil)
        expectMessage("1 of 2 images have no labels: 2", "labels/2.png") { _ = try dataset() }
        let data = try dataset(allowUnlabelled: true)
        #expect(try data.sample(1).labels == nil)
        #expect(try data.sample(0).labels != nil)

        try FileManager.default.removeItem(at: folder["images/1.png"])
        expectMessage("1 of 1 label files have no image: 1") { _ = try dataset(allowUnlabelled: true) }
        expectMessage("nowhere", "no such folder") {
            _ = try FileDataset(images: folder.url.appendingPathComponent("nowhere"), labels: nil, classes: classes)
        }
    }

    @Test func aListChoosesImages() throws {
        for name in ["1", "2", "3"] { try writePair(folder, image: "images/\(name).jpg", labels: "labels/\(name).png") }
        try folder.write("# chosen\n3.jpg\n\n1\n", to: "list.txt")
        let data = try dataset(list: "list.txt")
        #expect((0..<data.count).map(data.name) == ["3", "1"])
        try folder.write("1\n4\n", to: "list.txt")
        expectMessage("list.txt", "1 of 2 listed images", "4") { _ = try dataset(list: "list.txt") }
    }

    @Test func twoImagesOfOneNameAreRefused() throws {
        try writePair(folder, image: "images/1.png", labels: "labels/1.png")
        try writePair(folder, image: "images/1.jpg", labels: nil)
        expectMessage("1.png", "1.jpg", "same name") { _ = try dataset() }
    }

    @Test func valuesOutsideTheClassListAreNamed() throws {
        try writePair(folder, image: "images/1.png", labels: "labels/1.png", value: 3)
        let data = try dataset()
        expectMessage("labels/1.png", "labels of 3 classes (road, sky, car), found 3", "ignore") { _ = try data.sample(0) }
        #expect(try dataset(ignoring: [3]).sample(0).labels == LabelMap(width: 8, height: 6, filledWith: 255))
    }

    @Test func sizesMustAgree() throws {
        try writePair(folder, image: "images/1.png", labels: nil)
        try LabelMap(width: 6, height: 8).write(to: folder["labels/1.png"])
        let data = try dataset()
        expectMessage("labels/1.png", "expected labels of 8×6", "found 6×8", "EXIF") { _ = try data.sample(0) }
    }

    @Test func theCheckFindsEverythingInOnePass() throws {
        for name in 0..<6 { try writePair(folder, image: "images/\(name).png", labels: "labels/\(name).png", value: UInt8(name % 2)) }
        let whole = try Data(contentsOf: folder["images/1.png"])
        try whole.prefix(whole.count / 2).write(to: folder["images/1.png"])
        try Data().write(to: folder["labels/2.png"])
        try LabelMap(width: 8, height: 6, filledWith: 9).write(to: folder["labels/3.png"])
        try LabelMap(width: 7, height: 6).write(to: folder["labels/4.png"])
        let data = try dataset()
        try FileManager.default.removeItem(at: folder["images/5.png"])

        let check = DatasetCheck(data, threads: 3)
        #expect(check.problems.map(\.name) == ["1", "2", "3", "4", "5"])
        let words = ["cut short", "empty", "found 9", "found 7×6", "no such file"]
        for (problem, word) in zip(check.problems, words) { #expect(problem.message.contains(word)) }
        #expect(check.usableCount == 1)
        #expect(check.pixels == [48, 0, 0])
        #expect(check.absentClasses == ["sky", "car"])
        #expect(check.sizes == [Size(width: 8, height: 6): 1])
        expectMessage("5 of 6 samples cannot be used", "images/1.png", "labels/3.png") { try check.validate() }
    }

    @Test func theCheckCountsPixels() throws {
        let check = DatasetCheck(TinyDataset(count: 9), threads: 2)
        try check.validate()
        var expected = [Int](repeating: 0, count: 4)
        for index in 0..<9 {
            for value in try TinyDataset(count: 9).sample(index).labels!.values { expected[Int(value)] += 1 }
        }
        #expect(check.pixels == expected)
        #expect(check.images == [9, 9, 9, 9])
        #expect(DatasetCheck(TinyDataset(count: 3, unlabelled: true)).unlabelled == 3)
    }

    @Test(.enabled(if: sharedData != nil, "needs ../shared/data"))
    func camVidAndIDDLiteAreReadAsDescribed() throws {
        let root = try #require(sharedData)
        let camVid = DatasetOptions(root: root.appendingPathComponent("camvid"))
        for (split, count) in [("train", 367), ("val", 101), ("test", 233)] {
            #expect(try DatasetKind.named("camvid").open(split, camVid).count == count)
        }
        let check = try DatasetCheck(DatasetKind.named("camvid").open("val", camVid))
        #expect(check.problems.isEmpty && check.absentClasses.isEmpty && check.ignoredPixels > 0)
        #expect(check.sizes == [Size(width: 480, height: 360): 101])
        let idd = try DatasetKind.named("idd-lite").open("val", DatasetOptions(root: root.appendingPathComponent("idd-lite")))
        #expect(idd.count == 204)
        #expect(DatasetCheck(idd).sizes == [Size(width: 320, height: 227): 204])
    }
}
