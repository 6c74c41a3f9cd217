import Foundation
import Recipes
import Support
import Testing

/// What a user reads when a recipe is wrong.
@Suite struct RefusalTests {
    @Test func unknownKeyWithNearest() {
        let text = smallest + "\noptimizer:\n  momentun: 0.9\n"
        #expect(refusal(text) == "r.yaml:7:3: optimizer: unknown key 'momentun'; did you mean 'momentum'?")
    }

    @Test func synonymLeadsToTheKey() {
        #expect(
            refusal(smallest + "\noptimizer: {lr: 0.1}")
                == "r.yaml:6:13: optimizer: unknown key 'lr'; did you mean 'learningRate'?")
    }

    @Test func unknownKeyListsTheKnown() {
        #expect(
            refusal(smallest + "\nlog:\n  xyzzyxyzzy: 1\n")
                == "r.yaml:7:3: log: unknown key 'xyzzyxyzzy'; known keys: every, gradientShare, tensorboard")
    }

    @Test func unknownKeyAtTheTop() {
        #expect(refusal(smallest + "\nsede: 1") == "r.yaml:6:1: unknown key 'sede'; did you mean 'seed'?")
    }

    @Test(arguments: [
        ("seed: fast", "r.yaml:6:7: seed: expected a whole number of at least 0, found 'fast'"),
        ("seed: 1.5", "r.yaml:6:7: seed: expected a whole number of at least 0, found '1.5'"),
        ("seed: \"1\"", "r.yaml:6:7: seed: expected a whole number of at least 0, found the quoted text \"1\""),
        ("seed:", "r.yaml:6:6: seed: expected a whole number of at least 0, found nothing"),
        ("seed: [1]", "r.yaml:6:7: seed: expected a whole number of at least 0, found a list of 1"),
        ("channelsLast: yes", "r.yaml:6:15: channelsLast: expected true or false, found 'yes'"),
        ("device: gpu", "r.yaml:6:9: device: expected auto, cpu, cuda, cuda:N or mps, found 'gpu'"),
        ("threads: 0", "r.yaml:6:10: threads: expected a whole number of at least 1 or 'auto', found '0'"),
        ("log: 5", "r.yaml:6:6: log: expected a section of keys, found '5'"),
        ("distillation: kd", "r.yaml:6:15: distillation: expected a list of sections, found 'kd'"),
    ])
    func wrongType(line: String, message: String) {
        #expect(refusal(smallest + "\n" + line) == message)
    }

    @Test(arguments: [
        ("kind: sdg", "r.yaml:7:9: optimizer.kind: expected sgd or adamw, found 'sdg'; did you mean 'sgd'?"),
        ("learningRate: -1", "r.yaml:7:17: optimizer.learningRate: expected a number greater than 0.0, found '-1'"),
        ("learningRate: nan", "r.yaml:7:17: optimizer.learningRate: expected a number greater than 0.0, found 'nan'"),
        ("momentum: 1.0", "r.yaml:7:13: optimizer.momentum: expected a number of at least 0.0 and less than 1.0, found '1.0'"),
        ("ema: on", "r.yaml:7:8: optimizer.ema: expected a number of at least 0.0 and less than 1.0 or 'off', found 'on'"),
        ("betas: [0.9, 0.99]", "r.yaml:7:3: optimizer.betas: has no effect here: it belongs to 'kind: adamw'; leave it out"),
        ("groups: [{match: a, lrScale: 2}]", "r.yaml:7:23: optimizer.groups.0: unknown key 'lrScale'; did you mean 'learningRateScale'?"),
        (
            "groups: [{weightDecay: 0}]",
            "r.yaml:7:12: optimizer.groups.0.match: this key is required: The parameters' names: a pattern, such as backbone.*"
        ),
    ])
    func optimizer(line: String, message: String) {
        #expect(refusal(smallest + "\noptimizer:\n  " + line) == message)
    }

    @Test(arguments: [
        ("distillation: [{method: cwd, weight: -3}]", "distillation.0.weight: expected a number of at least 0.0, found '-3'"),
        ("distillation: [{method: cwd, weight: nan}]", "distillation.0.weight: expected a number of at least 0.0, found 'nan'"),
        ("distillation: [{method: cwd, weight: .inf}]", "distillation.0.weight: expected a number of at least 0.0, found '.inf'"),
        ("loss: {auxiliaryWeight: -0.4}", "loss.auxiliaryWeight: expected a number of at least 0.0, found '-0.4'"),
        ("log: {gradientShare: -1}", "log.gradientShare: expected a whole number of at least 0, found '-1'"),
    ])
    func wrongWeights(line: String, message: String) {
        #expect(refusal(smallest + "\nteacher: {model: espnetv2-s2.0}\n" + line).contains(message))
    }

    @Test func onlyATeacherHasAClassMap() throws {
        let methods = "\ndistillation: [{method: kd}]"
        #expect(try parse(smallest + "\nteacher: {model: espnetv2-s2.0, classMap: common7}" + methods).teacher?.classMap == "common7")
        #expect(refusal(smallest, "student.classMap=common7").contains("it belongs to the teacher"))
    }

    @Test func nothingGiven() {
        #expect(
            refusal("") == """
                3 problems in the recipe; nothing was started
                r.yaml:1:1: data.dataset: this key is required: The data set, by its name in 'segdistill data list': camvid, cityscapes, folder (your own), street-scenes …
                r.yaml:1:1: student.model: this key is required: The network, by its name in the table of models, such as deeplabv3-resnet18, or a folder with config.json and weights (a path with a slash: ./segformer-b5).
                r.yaml:1:1: name: this key is required: What the run is called in comparisons, beside its seeds; its folder is runs/DATASET/NAME-seedSEED without --out.
                """)
    }

    @Test func allProblemsInTheOrderOfTheFile() {
        let text = """
            name: x
            seed: -1
            data:
              dataset: camvd
            student:
              model: espnetv2-s0.6
            """
        #expect(
            refusal(text, "log.evry=3") == """
                4 problems in the recipe; nothing was started
                r.yaml:2:7: seed: expected a whole number of at least 0, found '-1'
                r.yaml:4:12: data.dataset: there is no data set 'camvd'; did you mean 'camvid'?
                r.yaml:6:3: student.model: unknown model 'espnetv2-s0.6'; did you mean 'espnetv2-s0.5'?
                command line, 'log.evry=3': log: unknown key 'evry'; did you mean 'every'?
                """)
    }

    @Test func brokenYAML() {
        #expect(
            refusal("name: [a")
                == "r.yaml:2:1: this is not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'")
        #expect(
            refusal("name: a\nseed: 1\nname: b") == "r.yaml:1:1: 'name' is given more than once in the same section")
        #expect(
            refusal("name: *base") == "r.yaml:1:7: this is not valid YAML: found undefined alias")
        #expect(refusal("[1, 2]") == "r.yaml:1:1: expected a section of keys, found a list of 2")
        #expect(refusal("? [a, b]\n: 1") == "r.yaml:1:3: expected a key, found a list or a section")
    }

    @Test func aliasesThatExplode() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let items = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(items)]\n"
        }
        #expect(refusal(text).hasSuffix("the recipe is far too large; do its aliases nest?"))
    }

    @Test func exitCodeAndMissingFile() {
        do {
            _ = try Recipe.load("/no/such/recipe.yaml", catalog: catalog)
            Issue.record("a missing recipe was accepted")
        } catch {
            #expect("\(error)".hasPrefix("cannot read the recipe /no/such/recipe.yaml: there is no such file\n"))
            #expect((error as? UserFacingError)?.exitCode == .badInput)
        }
    }

    @Test func missingPaths() throws {
        let text = "name: a\ndata:\n  dataset: camvid\n  root: nowhere/camvid\nstudent: {model: espnetv2-s0.5, weights: /no/w.pth}"
        let document = try Recipe.parse(text, file: "r.yaml", catalog: catalog)
        let here = FileManager.default.currentDirectoryPath
        do {
            try document.checkPaths()
            Issue.record("missing paths were accepted")
        } catch {
            #expect(
                "\(error)" == """
                    2 problems in the recipe; nothing was started
                    r.yaml:4:3: data.root: there is no 'nowhere/camvid', looked for from the current folder \(here)
                    r.yaml:5:33: student.weights: there is no '/no/w.pth'
                    """)
        }
    }
}
