import Recipes
import Testing

/// Target domains in a recipe.
@Suite struct TargetTests {
    private let driving = """
        name: a
        data:
          dataset: idd-lite
          root: idd
          test: val
          targets:
            - {dataset: camvid, root: camvid, classMap: common7}
            - {name: dusk, dataset: camvid, root: camvid, test: [train, test], only: ["0001TP*"], classMap: common7, evaluationSize: [180, 240]}
        student: {model: espnetv2-s0.5}
        """

    @Test func aTargetIsADataSetWithANameOfItsOwn() throws {
        let targets = try parse(driving).data.targets
        #expect(targets.map(\.name) == ["camvid", "dusk"] && targets.map(\.data.root) == ["camvid", "camvid"])
        #expect(targets.map(\.data.test.names) == [["test"], ["train", "test"]])
        #expect(targets[1].only == ["0001TP*"] && targets[0].only.isEmpty)
        #expect(targets[0].evaluationSize == nil && targets[1].evaluationSize == PixelSize(height: 180, width: 240))
    }

    @Test func theResolvedRecipeIsTheSame() throws {
        let recipe = try parse(driving)
        #expect(try parse(recipe.resolvedYAML) == recipe)
        #expect(try parse(smallest).resolvedYAML.contains("targets: []"))
    }

    @Test func overridesFindATargetByItsName() throws {
        let recipe = try parse(driving, "data.targets.dusk.root=/elsewhere", "data.targets.camvid.name=day")
        #expect(recipe.data.targets.map(\.data.root) == ["camvid", "/elsewhere"] && recipe.data.targets[0].name == "day")
        let unknown = refusal(driving, "data.targets.dawn.root=x")
        #expect(unknown.contains("the list 'data.targets' has no entry 'dawn'; its entries are camvid, dusk, 0, 1"))
    }

    /// Scenes have the source's size, number and classes; the domain is the name.
    @Test func renderedScenesAreAsTheSource() throws {
        let recipe = try parse(
            smallest, "data.size=[48, 64]", "data.evaluationCount=3", "data.classMap=common7",
            "data.targets=[{dataset: street-scenes, domain: fog, severity: 0.8}, {dataset: street-scenes, domain: night, evaluationCount: 2}]"
        )
        let targets = recipe.data.targets
        #expect(targets.map(\.name) == ["fog", "night"] && targets.map(\.data.evaluationCount) == [3, 2])
        #expect(targets.allSatisfy { $0.data.size == PixelSize(height: 48, width: 64) && $0.data.classMap == "common7" })
        #expect(targets[0].data.severity == 0.8)
    }

    @Test(arguments: [
        ("data.targets.0.classMap=", "data.targets.0.classMap: 'camvid' has 11 classes and the source 7; give its classMap: common7"),
        ("data.targets.0.classMap=comon7", "data.targets.0.classMap: 'camvid' cannot be mapped onto 'comon7'; expected common7"),
        ("data.targets.1.test=tset", "data.targets.1.test: 'camvid' has no split 'tset'; did you mean 'test'? expected train, val or test"),
        ("data.targets.1.name=camvid", "data.targets.1.name: another target is called 'camvid' too; give this one a name of its own"),
        ("data.targets.1.name=idd-lite", "data.targets.1.name: the source is called 'idd-lite' too; give this one a name of its own"),
        ("data.targets.1.name=a/b", "data.targets.1.name: expected a name that can be a file's, without '/'"),
        ("data.targets.1.train=val", "data.targets.1: unknown key 'train'"),
        ("data.targets.1.dataset=camvdi", "data.targets.1.dataset: there is no data set 'camvdi'; did you mean 'camvid'?"),
        ("data.targets.1.root=", "data.targets.1.root: this key is required with data in files"),
    ])
    func refused(change: String, message: String) {
        #expect(refusal(driving, change).contains(message))
    }

    @Test func targetsOfManySizesNeedOneForABatch() {
        let changes = ["evaluation.batchSize=2", "data.dataset=camvid", "data.classMap=common7", "data.test=test", "data.targets.0.name=x"]
        let target = "data.targets.1={name: idd, dataset: idd-lite, root: idd}"
        func check(_ more: String...) -> String {
            do {
                return try Recipe.parse(driving, overrides: changes + [target] + more, catalog: catalog).recipe.name
            } catch { return "\(error)" }
        }
        #expect(check().contains("the images of 'idd' may differ in size; give its 'evaluationSize' too, or leave it at 1"))
        #expect(check("data.targets.idd.evaluationSize=[180, 240]") == "a")
    }

    @Test func scenesThatAreTrainedOnAreNoTarget() throws {
        func message(_ target: String) -> String { refusal(smallest, "data.targets=[{name: x, dataset: street-scenes, \(target)}]") }
        let words = "data.targets.0.test: 'x' shows scenes that are trained on; take another split or domain"
        #expect(message("test: train").contains(words))
        #expect(message("test: [test, val], severity: 0.1").contains(words))
        #expect(message("test: \"val@clear:0.3\"").contains(words))
        #expect(message("domain: fog, test: val") == "accepted: tiny")
        #expect(message("test: test") == "accepted: tiny")
    }
}
