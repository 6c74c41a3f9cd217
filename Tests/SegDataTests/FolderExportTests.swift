import Foundation
import SegData
import Support
import Testing
import Vision

@Suite("Export into a folder")
struct FolderExportTests {
    @Test("What is written is read back the same: images, labels, classes")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let scenes = try StreetScenes(seed: 5, count: 3, width: 48, height: 32, domain: .init(.fog))
        try FolderExport(to: folder.url).write(scenes, split: "test")
        let read = try ClassFile(contentsOf: folder["classes.json"])
        #expect(read.classes == scenes.classes)
        for index in 0..<3 {
            let sample = scenes.sample(index)
            #expect(try Image(contentsOf: folder["images/test/\(sample.name).png"]) == sample.image)
            #expect(try LabelMap(contentsOf: folder["labels/test/\(sample.name).png"]) == sample.labels)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder["images/test"].path).count == 3)
    }

    @Test("JPEGs are close to the image")
    func jpeg() throws {
        let folder = try TemporaryFolder()
        let scenes = try StreetScenes(seed: 5, count: 1, width: 64, height: 48)
        try FolderExport(to: folder.url, format: .jpg).write(scenes, split: "val")
        let image = try Image(contentsOf: folder["images/val/street-5-0.jpg"])
        let differences = zip(image.pixels, scenes.sample(0).image.pixels).map { abs(Int($0) - Int($1)) }
        #expect(differences.reduce(0, +) < 6 * differences.count)
    }

    @Test("Objects are written as COCO has them and read back the same")
    func objects() throws {
        let folder = try TemporaryFolder()
        var scenes = try StreetScenes(seed: 5, count: 2, width: 96, height: 72)
        scenes.hasInstances = true
        try FolderExport(to: folder.url).write(scenes, split: "val")
        let file = try COCOFile(contentsOf: folder["annotations/val.json"])
        #expect(file.images.map(\.fileName) == ["val/street-5-0.png", "val/street-5-1.png"])
        #expect(file.categories.map(\.name) == scenes.instanceClasses?.names)
        let places = file.annotationsByImage
        for index in 0..<2 {
            var read = file.instances(of: index, annotations: places[index]) { $0 - 1 }
            for place in read.indices { read[place].id = nil }
            #expect(read == scenes.sample(index).instances)
        }
    }

    @Test("A folder of other classes is refused, and a broken sample named")
    func refusals() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"classes": ["road", "car"]}"#, to: "classes.json")
        let scenes = try StreetScenes(seed: 5, count: 1, width: 16, height: 16)
        #expect(throws: UserError.self) { try FolderExport(to: folder.url).write(scenes, split: "val") }
        let other = try TemporaryFolder()
        let error = #expect(throws: UserError.self) {
            try FolderExport(to: other.url).write(TinyDataset(count: 4, broken: 2), split: "val")
        }
        #expect(error?.message == "tiny/2 is broken")
    }
}
