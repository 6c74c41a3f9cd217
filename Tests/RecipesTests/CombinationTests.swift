import Recipes
import Testing

/// Combinations of valid values that cannot be.
@Suite struct CombinationTests {
    @Test func distillationNeedsATeacher() {
        #expect(
            refusal(smallest + "\ndistillation:\n  - method: kd\n")
                == "r.yaml:6:1: distillation: needs a 'teacher' section; without one, leave the methods out")
        #expect(
            refusal(smallest + "\nteacher: {model: espnetv2-s2.0}")
                == "r.yaml:6:1: teacher: has no effect without a method in 'distillation', such as - method: kd")
    }

    @Test func keysOfAnotherDataset() {
        #expect(
            refusal("name: a\ndata: {dataset: camvid, root: x, count: 5}\nstudent: {model: espnetv2-s0.5}")
                == "r.yaml:2:34: data.count: has no effect here: it belongs to 'dataset: street-scenes'; leave it out")
        #expect(
            refusal("name: a\ndata: {dataset: camvid}\nstudent: {model: espnetv2-s0.5}")
                == "r.yaml:2:7: data.root: this key is required with data in files: The data's folder, relative to the current folder.")
    }

    @Test(arguments: [
        ("schedule: {epochs: 3, steps: 5}", "r.yaml:6:12: schedule.epochs: give either 'steps' or 'epochs', not both"),
        ("schedule: {steps: none}", "r.yaml:6:12: schedule.steps: give either 'steps' or 'epochs': both are none"),
        (
            "schedule: {kind: step, milestones: [5, 3]}",
            "r.yaml:6:24: schedule.milestones: expected rising step numbers greater than 0 and less than the 40000 steps, found [5, 3]"
        ),
        (
            "schedule: {kind: step}",
            "r.yaml:6:11: schedule.milestones: this key is required with 'kind: step': Steps after which the rate is multiplied by gamma."
        ),
        (
            "schedule: {steps: 5, warmup: {steps: 5}}",
            "r.yaml:6:31: schedule.warmup.steps: expected fewer than the 5 steps of training, found 5"
        ),
        ("loss: {classWeights: [1, 2]}", "r.yaml:6:8: loss.classWeights: expected 11 numbers, one a class, found 2"),
        ("evaluation: {window: [9, 9]}", "r.yaml:6:14: evaluation.window: has no effect here: it belongs to 'mode: slide'; leave it out"),
        (
            "evaluation: {mode: slide, window: [9, 9], stride: [10, 9]}",
            "r.yaml:6:43: evaluation.stride: [10, 9] is larger than the window [9, 9] and would leave gaps"
        ),
        ("evaluation: {scales: []}", "r.yaml:6:14: evaluation.scales: expected at least one number greater than 0, found []"),
    ])
    func sections(line: String, message: String) {
        #expect(refusal(smallest + "\n" + line) == message)
    }

    @Test func samplingByClassesHasItsOwnSettings() throws {
        #expect(
            refusal(smallest, "data.loader.temperature=0.1")
                .contains("data.loader.temperature: has no effect here: it belongs to 'sampling: class-balanced'; leave it out"))
        #expect(try parse(smallest, "data.loader.sampling=class-balanced", "data.loader.temperature=0.1").data.loader.temperature == 0.1)
        #expect(try parse(smallest, "data.loader.sampling=repeat-factor").data.loader.repeatThreshold == 0.1)
        #expect(refusal(smallest, "data.loader.sampling=balanced").contains("expected shuffle, class-balanced or repeat-factor"))
        #expect(refusal(smallest, "data.packed=x").contains("data.packed: has no effect here: it belongs to data in files"))
    }

    @Test func splitsThatAreNot() {
        #expect(
            refusal(smallest, "data.train=training")
                == "command line, 'data.train=training': data.train: 'street-scenes' has no split 'training'; expected train, val or test")
        #expect(
            refusal("name: a\ndata: {dataset: idd-lite, root: x, test: test}\nstudent: {model: espnetv2-s0.5}")
                == "r.yaml:2:36: data.test: 'idd-lite' has no split 'test'; expected train or val")
    }

    @Test func domains() throws {
        let data = try parse(smallest, "data.domain=fog", "data.severity=0.7", "data.test=[test, test@night, test@fog:0.25]").data
        #expect(data.domain == "fog" && data.severity == 0.7)
        #expect(data.test.names == ["test", "test@night", "test@fog:0.25"])
        func message(_ change: String) -> String { refusal(smallest, change) }
        #expect(
            message("data.domain=fgo")
                == "command line, 'data.domain=fgo': data.domain: 'street-scenes' has no domain 'fgo'; did you mean 'fog'? expected clear, fog or night"
        )
        #expect(message("data.test=test@hail").hasSuffix("'street-scenes' has no domain 'hail'; expected clear, fog or night"))
        #expect(message("data.test=tset@fog").hasSuffix("has no split 'tset'; did you mean 'test'? expected train, val or test"))
        for severity in ["2", "-0.1", "nan", "thick"] {
            #expect(message("data.test=test@fog:\(severity)").hasSuffix("a severity from 0 to 1 after ':', found 'test@fog:\(severity)'"))
        }
        #expect(message("data.severity=1.5").contains("data.severity: expected a number from 0.0 to 1.0, found '1.5'"))
        #expect(
            refusal("name: a\ndata: {dataset: camvid, root: x, domain: fog}\nstudent: {model: espnetv2-s0.5}")
                == "r.yaml:2:34: data.domain: has no effect here: it belongs to 'dataset: street-scenes'; leave it out")
    }

    @Test func theRulesOfObjectsAreForObjects() {
        #expect(
            refusal(smallest, "evaluation.protocol=cityscapes")
                == "command line, 'evaluation.protocol=cityscapes': evaluation.protocol: is of objects ('loss.task: instances'); leave it out"
        )
    }

    @Test func wholeImagesCannotBeScaled() {
        #expect(
            refusal(smallest, "data.augmentation.crop=none")
                == "command line, 'data.augmentation.crop=none': data.augmentation.crop: 'none' needs 'scale: [1.0, 1.0]': "
                + "images scaled by [0.5, 2.0] differ in size and cannot share a batch")
    }

    @Test func twoSourcesOfWeights() {
        #expect(
            refusal(smallest + "\n  weights: a\n  checkpoint: b\n")
                == "r.yaml:7:3: student.checkpoint: cannot be combined with 'weights': give the one that the network starts from")
        #expect(
            refusal(smallest + "\n  reinitialize: [head.*]\n")
                == "r.yaml:6:3: student.reinitialize: has no effect here: it belongs to a network with 'weights'; leave it out")
    }

    @Test(arguments: [
        ("[road]", "r.yaml:4:12: data.classes: expected 2 to 254 classes, found 1"),
        ("[road, road]", "r.yaml:4:12: data.classes: the class 'road' is given more than once"),
        (
            "[road, {car: [1, 2]}]",
            "r.yaml:4:25: data.classes: expected the colour of 'car' as [red, green, blue] from 0 to 255, found a list of 2"
        ),
        (
            "road",
            "r.yaml:4:12: data.classes: expected a list of class names, a list of name: [red, green, blue], or a file's name, found 'road'"
        ),
    ])
    func classes(value: String, message: String) {
        let text = "name: a\ndata:\n  dataset: folder\n  classes: \(value)\n  root: x\nstudent: {model: espnetv2-s0.5}"
        #expect(refusal(text) == message)
    }

    @Test(arguments: [
        ("{method: cdw}", "r.yaml:8:14: distillation.0.method: expected kd or cwd, found 'cdw'; did you mean 'cwd'?"),
        ("{weight: 1}", "r.yaml:8:5: distillation.0: the key 'method' is required: kd or cwd"),
        ("cwd", "r.yaml:8:5: distillation.0: expected a section with the key 'method', found 'cwd'"),
        ("{method: cwd, temprature: 1}", "r.yaml:8:19: distillation.0: unknown key 'temprature'; did you mean 'temperature'?"),
        ("{method: cwd, temperature: 0}", "r.yaml:8:32: distillation.0.temperature: expected a number greater than 0.0, found '0'"),
        (
            "{method: cwd, normalize: spce}",
            "r.yaml:8:30: distillation.0.normalize: expected channel or space, found 'spce'; did you mean 'space'?"
        ),
        ("{method: cwd, groups: 0}", "r.yaml:8:27: distillation.0.groups: expected a whole number of at least 1, found '0'"),
        ("{method: cwd, mask: 1}", "r.yaml:8:25: distillation.0.mask: expected true or false, found '1'"),
        ("{method: cwd, taps: {studnt: a}}", "r.yaml:8:26: distillation.0.taps: unknown key 'studnt'; did you mean 'student'?"),
        (
            "{method: kd, taps: {features: a}}",
            "r.yaml:8:18: distillation.0: unknown key 'taps'; known keys: method, weight, start, ramp, temperature"
        ),
    ])
    func methods(item: String, message: String) {
        #expect(refusal(smallest + "\nteacher: {model: espnetv2-s2.0}\ndistillation:\n  - " + item) == message)
    }
}
