import Foundation
import SegData
import Support
import Testing
import Vision

@Suite struct ClassTests {
    @Test func classFilesAreRead() throws {
        let folder = try TemporaryFolder()
        try folder.write("road\n# a comment\n\n sky \n", to: "classes.txt")
        #expect(try ClassFile(contentsOf: folder["classes.txt"]).classes.names == ["road", "sky"])

        try folder.write(#"{"classes": ["a", {"name": "b", "color": [1, 2, 3]}, "unlabelled"], "ignore": 2}"#, to: "classes.json")
        let file = try ClassFile(contentsOf: folder["classes.json"])
        #expect(file.classes.names == ["a", "b"])
        #expect(file.classes.palette[1] == RGB(1, 2, 3))
        #expect(file.ignore == [2])

        for text in [
            #"{"classes": [1]}"#, #"{"classes": []}"#, #"{"classes": ["a", "a"]}"#, "no json", #"{"classes": ["a"], "ignore": 256}"#,
        ] {
            try folder.write(text, to: "bad.json")
            #expect("\(text)") { try ClassFile(contentsOf: folder["bad.json"]) } throws: { "\($0)".contains("bad.json") && $0 is UserError }
        }
        #expect(throws: UserError.self) { try ClassFile(contentsOf: folder["none.txt"]) }
    }

    @Test func knownListsHaveDistinctNamesAndColours() {
        for (list, count) in [
            (ClassList.camVid11, 11), (.cityscapes19, 19), (.common7, 7), (ClassList(names: (0..<200).map(String.init)), 200),
        ] {
            #expect(list.count == count)
            #expect(Set(list.names).count == count)
            #expect(Set(list.entries.map(\.color)).count == count)
        }
        #expect(ClassList.cityscapes19.index(of: "car") == 13)
    }

    @Test func classMapsTranslate() throws {
        let map = ClassMap.camVidToCommon7
        let labels = LabelMap(width: 4, height: 1, values: [3, 0, 10, 255])
        #expect(map(labels).values == [0, 6, 2, 255])
        #expect(ClassMap.toCommon7(from: .cityscapes19)?.indices.count == 19)
        #expect(throws: UserError.self) { try ClassMap(from: .common7, to: .camVid11, [0]) }
        #expect(throws: UserError.self) { try ClassMap(from: .common7, to: .camVid11, [0, 1, 2, 3, 4, 5, 11]) }

        let base = TinyDataset(count: 2)
        let swap = try ClassMap(from: base.classes, to: ClassList(names: ["x", "y"]), [1, 0, 255, 1])
        let mapped = try MappedDataset(base, swap)
        #expect(try mapped.sample(1).labels == swap(base.sample(1).labels!))
        #expect(mapped.classes.names == ["x", "y"])
        #expect(throws: UserError.self) { try MappedDataset(base, map) }
    }

    @Test(.enabled(if: sharedData != nil, "needs ../shared/data"))
    func commonClassesEqualThoseOfTheSharedTable() throws {
        struct Table: Decodable {
            let classes: [String]
            let camvid: [UInt8]
            let cityscapes19: [UInt8]
        }
        let url = try #require(sharedData).appendingPathComponent("common7.json")
        let table = try JSONDecoder().decode(Table.self, from: Data(contentsOf: url))
        #expect(ClassList.common7.names == table.classes)
        #expect(ClassMap.camVidToCommon7.indices + [255] == table.camvid)
        #expect(ClassMap.cityscapesToCommon7.indices == table.cityscapes19)
    }
}
