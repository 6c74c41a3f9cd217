import Foundation
import SegData
import Support
import Testing

/// Labels for a few images, by a list or by chance, and the rest.
@Suite struct LabelListTests {
    private struct Named: Dataset {
        let names: [String]
        var classes: ClassList { ClassList(names: ["a"]) }
        var count: Int { names.count }
        var leftOut: [LeftOut] { [LeftOut(name: "ulm/ulm_9_0", message: "broken")] }
        func name(_ index: Int) -> String { names[index] }
        func sample(_ index: Int) throws -> Sample { throw UserError("not read") }
    }

    private let cities = Named(names: ["bremen/bremen_0_0", "bremen/bremen_1_0", "ulm/ulm_0_0", "ulm/ulm_1_0", "jena/jena_0_0"])

    private func choose(_ text: String, _ name: String = "list.txt", of dataset: any Dataset) throws -> ChosenDataset {
        let folder = try TemporaryFolder()
        try folder.write(text, to: name)
        return try ChosenDataset(dataset, list: LabelList(contentsOf: folder[name]))
    }

    private func names(_ dataset: any Dataset) -> [String] { (0..<dataset.count).map(dataset.name) }

    /// Guided Distillation's lists for Cityscapes name the instance maps, without folders and in no order.
    @Test(arguments: [
        "ulm_1_0_gtFine_instanceIds.png\nbremen_0_0_gtFine_instanceIds.png\n",
        "ulm/ulm_1_0\r\n\n# the second\nbremen/bremen_0_0\n",
        "leftImg8bit/train/ulm/ulm_1_0_leftImg8bit.png gtFine/train/ulm/ulm_1_0_gtFine_labelIds.png\nbremen_0_0_leftImg8bit.png x\n",
        "ulm_1_0\nulm_1_0\nbremen_0_0.jpg\nulm_9_0\n",
    ])
    func imagesAreNamedInSeveralWays(_ text: String) throws {
        let chosen = try choose(text, of: cities)
        #expect(names(chosen) == ["bremen/bremen_0_0", "ulm/ulm_1_0"])
        #expect(names(chosen.rest) == ["bremen/bremen_1_0", "ulm/ulm_0_0", "jena/jena_0_0"])
    }

    @Test(arguments: ["[\"jena/jena_0_0.png\"]", "{\"images\": [{\"id\": 3, \"file_name\": \"jena/jena_0_0.png\"}], \"annotations\": []}"])
    func listsInJSON(_ text: String) throws { #expect(try names(choose(text, "list.json", of: cities)) == ["jena/jena_0_0"]) }

    @Test func whatIsWrongWithAListIsSaid() throws {
        func message(_ text: String, _ name: String = "list.txt", of dataset: any Dataset) -> String {
            do { return "accepted \(try choose(text, name, of: dataset).count)" } catch { return "\(error)" }
        }
        let missing = message("a\nb\nulm_0_0\nc\nd\n", of: cities)
        #expect(missing.contains("list.txt: 4 of 5 listed images are not among the data set's 5: a, b, c, …"))
        #expect(missing.contains("Its images are called bremen/bremen_0_0, bremen/bremen_1_0, ulm/ulm_0_0, …"))
        let twice = Named(names: ["x/1", "y/1", "y/2"])
        #expect(message("1\n2\n", of: twice).contains("1 of 2 listed names stand for several images: 1"))
        #expect(message("x/1\n2\n", of: twice) == "accepted 2")
        #expect(message("# nothing\n", of: cities).contains("the list names no image"))
        #expect(message("{\"a\": 1}", "list.json", of: cities).contains("expected a list of images' names"))
        #expect {
            try LabelList(contentsOf: URL(fileURLWithPath: "/nowhere/list.txt"))
        } throws: {
            "\($0)".contains("/nowhere/list.txt: cannot read")
        }
    }

    @Test func sharesOfSeveralSeeds() {
        let base = TinyDataset(count: 100)
        let (first, second) = (ChosenDataset(base, fraction: 0.1), ChosenDataset(base, fraction: 0.1, seed: 1))
        #expect(names(first) != names(second) && second.count == 10)
        #expect(names(first) == names(ChosenDataset(base, fraction: 0.1, seed: 0)))
        #expect(first.rest.count == 90 && Set(names(first.rest)).isDisjoint(with: names(first)))
        #expect(ChosenDataset(base, fraction: 1).rest.count == 0)
    }
}
