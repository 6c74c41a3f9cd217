import Foundation
import Recipes
import Runs
import SegData
import Support
import Testing
import Torch
import Train
import Vision

/// Training on a teacher's objects beside the labels.
@Suite(.serialized) struct PseudoLabelTrainingTests {
    private let scratch: Scratch
    private let shapes: Shapes
    private var teacher: String { scratch["teacher"].path }

    /// A small network: most of a run this short is reading and writing it.
    private static let small = ["student.model=mask2former-small-mobilenetv2-w0.5", "data.loader.batchSize=2", "threads=1"]

    /// Six images, half of them labelled, and a teacher that saw all.
    init() throws {
        scratch = try Scratch()
        shapes = try Shapes(
            at: scratch["shapes"],
            (0..<6).map { [.disc(14 + 6 * $0, 20, radius: 8), .square(8 + 5 * $0, 38, side: 12)] })
        try train(shapes.recipe(steps: 1, overrides: Self.small), into: scratch["teacher"])
    }

    /// A teacher that has hardly learnt is sure of nothing: all of its objects are taken.
    private func recipe(steps: Int = 2, _ overrides: String...) throws -> Recipe {
        try shapes.recipe(
            steps: steps,
            overrides: Self.small + ["data.fraction=0.5", "data.unlabelled={teacher: \(teacher), threshold: 0}"] + overrides)
    }

    private func events(_ recipe: Recipe, into folder: URL, existing: RunFolder.Existing = .refuse) throws -> [StepEvent] {
        var events: [StepEvent] = []
        var observer = TrainingObserver()
        observer.logged = { events.append($0) }
        try train(recipe, into: folder, existing: existing, observer: observer)
        return events
    }

    @Test func aStepAddsTheLossOnBoth() throws {
        let recipe = try recipe(
            "data.unlabelled.weight=0.5", "data.unlabelled.batchSize=3", "log.gradientShare=1", "preflight.enabled=true")
        let events = try events(recipe, into: scratch["run"])
        for event in events {
            let (losses, plain) = (event.losses, try #require(event.unweighted))
            let (task, pseudo) = (try #require(losses["task"]), try #require(losses["pseudo-labels"]))
            #expect(task > 0 && pseudo > 0 && task != plain["pseudo-labels"])
            #expect(abs(losses["total"]! - task - pseudo) < 1e-4 * task)
            #expect(abs(pseudo - 0.5 * plain["pseudo-labels"]!) < 1e-4 * pseudo)
            let parts = try ["class", "mask", "dice"].map { try #require(plain["pseudo-labels.\($0)"]) }
            #expect(abs(2 * pseudo - 2 * parts[0] - 5 * parts[1] - 5 * parts[2]) < 1e-3 * pseudo)
            #expect(Set(try #require(event.gradientShares).keys) == ["task", "pseudo-labels"])
        }
        let run = try RunFolder.open(scratch["run"])
        let info = try run.readInfo()
        #expect(info.method == "pseudo-labels" && info.trainingImages == 3)
    }

    @Test func theTeachersObjectsAreWrittenOnce() throws {
        let recipe = try recipe()
        try train(recipe, into: scratch["run"])
        let file = try RunFolder.open(scratch["run"]).pseudoLabelsFile
        let labels = try PseudoLabels(contentsOf: file)
        let rest = try recipe.data.unlabelledImages()
        #expect(labels.file.images.map(\.name) == (0..<3).map(rest.name))
        let files = labels.file.images.map { shapes.root.appendingPathComponent($0.fileName).path }
        #expect(files.allSatisfy { FileManager.default.fileExists(atPath: $0) })
        #expect(labels.info.teacher.name == "mask2former-small-mobilenetv2-w0.5" && labels.info.teacher.digest.count == 64)
        #expect(labels.classes.names == ["disc", "square"] && !labels.file.annotations.isEmpty)
        // No two objects of an image share a pixel.
        for places in labels.file.annotationsByImage {
            let areas = places.map { labels.file.annotations[$0].segmentation.mask(width: 64, height: 64) }
            #expect(areas.reduce(0) { $0 + $1.area } == areas.dropFirst().reduce(areas[0]) { $0.union($1) }.area)
        }
        // The same file again, which is then taken as it is; and the same training with it.
        let work = try PseudoLabelling(teacher: teacher, recipe)
        #expect(try work.existing(at: file) == labels)
        let again = scratch["again.json"]
        #expect(try work.run(to: again, device: .cpu)?.file == labels.file)
        #expect(try Data(contentsOf: again) == (try Data(contentsOf: file)))
        let given = try shapes.recipe(
            steps: 2,
            overrides: Self.small + ["data.fraction=0.5", "data.unlabelled={pseudoLabels: \(again.path), threshold: 0}"])
        try train(given, into: scratch["given"])
        #expect(try scratch["given"].lastCheckpoint() == scratch["run"].lastCheckpoint())
    }

    @Test(arguments: [[], ["data.unlabelled.batchSize=1", "optimizer.accumulate=2", "data.augmentation.mix.kind=copyPaste"]])
    func resumingContinuesBitForBit(_ overrides: [String]) throws {
        let recipe = try shapes.recipe(
            steps: 5, overrides: Self.small + ["data.fraction=0.5", "data.unlabelled={teacher: \(teacher), threshold: 0}"] + overrides)
        try train(recipe, into: scratch["whole"])
        // Between two checkpoints.
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe, into: scratch["stopped"], after: 3) }
        try train(recipe, into: scratch["stopped"], existing: .resume)
        #expect(try scratch["stopped"].lastCheckpoint() == scratch["whole"].lastCheckpoint())
    }

    @Test func lookingForObjectsCanBeInterrupted() throws {
        let recipe = try recipe()
        try train(recipe, into: scratch["whole"])
        var observer = TrainingObserver()
        observer.pseudoLabelled = { done, _ in if done == 2 { Interruption.request() } }
        let folder = scratch["stopped"]
        #expect(throws: Interrupted.self) { try train(recipe, into: folder, observer: observer) }
        #expect(try RunFolder.open(folder).readInfo().status == .interrupted)
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("pseudo-labels.json").path))
        var seen: [Int] = []
        observer.pseudoLabelled = { done, _ in seen.append(done) }
        try train(recipe, into: folder, existing: .resume, observer: observer)
        #expect(seen == [3])
        #expect(try folder.lastCheckpoint() == scratch["whole"].lastCheckpoint())
    }

    /// Both batches of the step that broke are kept, and run again.
    @Test func aStepThatBreaksIsKeptWithBothBatches() throws {
        let recipe = try recipe(steps: 4, "optimizer.learningRate=1e30", "optimizer.kind=sgd", "data.unlabelled.batchSize=1", "log.every=1")
        let error = #expect(throws: UserError.self) { try train(recipe, into: scratch["run"]) }
        #expect(error?.message.contains("diverged at step") == true)
        let run = try RunFolder.open(scratch["run"])
        let file = try #require(FileManager.default.contentsOfDirectory(at: run.replays, includingPropertiesForKeys: nil).first)
        let replay = try Replay(at: file)
        #expect(replay.header.samples.map(\.count) == [2, 1])
        let given = try shapes.recipe(
            steps: 4,
            overrides: Self.small + ["data.fraction=0.5"]
                + ["data.unlabelled={pseudoLabels: \(run.pseudoLabelsFile.path), threshold: 0, batchSize: 1}"])
        let terms = try replay.run(TrainingSetup(given)).terms
        #expect(terms.map(\.name) == ["task", "pseudo-labels"])
        // At the weights at which training saw them; the losses that it logged are those.
        let known = try #require(replay.header.losses)
        for term in terms { #expect(term.weighted == known[term.name] || !term.weighted.isFinite, "\(term.name)") }
    }

    /// Unlabelled photographs of any size.
    @Test func aFolderOfImages() throws {
        for (name, width) in [("a", 80), ("b/c", 64), ("d", 50)] {
            let file = scratch["photos"].appendingPathComponent(name + ".png")
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Image(width: width, height: 64, filledWith: 90).write(to: file)
        }
        let recipe = try recipe(steps: 2, "data.unlabelled.images=\(scratch["photos"].path)", "data.fraction=1")
        #expect(try events(recipe, into: scratch["run"]).allSatisfy { $0.losses["pseudo-labels"]!.isFinite })
        let labels = try PseudoLabels(contentsOf: RunFolder.open(scratch["run"]).pseudoLabelsFile)
        #expect(labels.file.images.map(\.fileName) == ["a.png", "b/c.png", "d.png"] && labels.file.images.map(\.width) == [80, 64, 50])
    }

    @Test func imagesWithoutAnyObject() throws {
        let events = try events(recipe(steps: 2, "data.unlabelled.threshold=1"), into: scratch["run"])
        for event in events {
            let parts = try #require(event.unweighted)
            #expect(parts["pseudo-labels.mask"] == 0 && parts["pseudo-labels.class"]! > 0)
        }
    }

    /// A teacher, a second one that learns from it, a student, and that again on the labels alone.
    @Test func fourStages() throws {
        let text = """
            name: four
            \(try shapes.recipe(steps: 2, overrides: Self.small).resolvedYAML.split(separator: "\n").filter { !$0.hasPrefix("name:") }.joined(separator: "\n"))
            stages:
              - name: adapted
              - name: teacher
                data: {unlabelled: {teacher: "stage:adapted", threshold: 0}}
              - name: student
                student: {model: mask2former-small-resnet18}
                data: {unlabelled: {teacher: "stage:teacher", threshold: 0}}
              - name: refined
                student: {model: mask2former-small-resnet18, checkpoint: "stage:student"}
            """
        let staged = try #require(try StagedRecipe.parse(text, overrides: ["data.fraction=0.5"], catalog: .standard))
        let training = try StagedTraining(staged, into: scratch["out"])
        try training.check()
        try training.run()
        let infos = try staged.names.map { try RunFolder.open(scratch["out/\($0)"]).readInfo() }
        #expect(infos.map(\.status) == .init(repeating: .finished, count: 4))
        #expect(infos.map(\.method) == [nil, "pseudo-labels", "pseudo-labels", "pseudo-labels"])
        let files = ["teacher", "student"].map { scratch["out/\($0)/pseudo-labels.json"] }
        let teachers = try files.map { try PseudoLabels(contentsOf: $0).info.teacher }
        #expect(teachers.map { URL(fileURLWithPath: $0.path).lastPathComponent } == ["adapted", "teacher"])
        #expect(teachers[0].digest != teachers[1].digest)
        // Again with --resume there is nothing to do.
        let resumed = try StagedTraining(staged, into: scratch["out"], existing: .resume)
        #expect(resumed.steps.map(\.isFinished) == [true, true, true, true])
        // Images that had labels may not count as unlabelled later.
        let other = try #require(try StagedRecipe.parse(text, overrides: ["data.fraction=0.34", "threads=2"], catalog: .standard))
        let error = #expect(throws: UserError.self) { try StagedTraining(other, into: scratch["out"], existing: .resume) }
        #expect(error?.message.contains("adapted is another one: data.fraction was 0.5, now 0.34") == true)
        #expect(error?.message.contains("threads") == false)
    }

    // MARK: Bad input

    private func message(_ recipe: Recipe) -> String {
        do { _ = try TrainingSetup(recipe) } catch { return "\(error)" }
        return "accepted"
    }

    @Test func pseudoLabelsThatDoNotFitAreRefused() throws {
        let file = scratch["labels.json"]
        let half = try recipe()
        _ = try PseudoLabelling(teacher: teacher, half).run(to: file, device: .cpu)
        func given(_ overrides: String...) throws -> Recipe {
            try shapes.recipe(
                overrides: Self.small + ["data.loader.batchSize=1", "data.fraction=0.5"]
                    + ["data.unlabelled={pseudoLabels: \(file.path), threshold: 0.1}"] + overrides)
        }
        #expect(try message(given()) == "accepted")
        #expect(try message(given("data.fractionSeed=4")).contains("unlabelled images are not in it"))
        // The teacher goes on learning.
        try train(shapes.recipe(steps: 2, overrides: Self.small), into: scratch["teacher"], existing: .overwrite)
        let stale = try message(given())
        #expect(stale.contains("the pseudo-labels are stale") && stale.contains("segdistill pseudo-label \(teacher) RECIPE"))
        // A run that was kept without its networks says as much of them as one that is gone.
        for place in ["teacher/checkpoints", "teacher"] {
            try FileManager.default.removeItem(at: scratch[place])
            #expect(try message(given()) == "accepted")
        }
    }

    @Test("objects that were found in other images, or in images seen at another size, are looked for anew")
    func otherImages() throws {
        let file = scratch["labels.json"]
        _ = try PseudoLabelling(teacher: teacher, recipe()).run(to: file, device: .cpu)
        func existing(_ recipe: Recipe, mayHaveMoved: Bool = false) -> String {
            do {
                let work = try PseudoLabelling(teacher: teacher, recipe)
                return try work.existing(at: file, mayHaveMoved: mayHaveMoved) == nil ? "none" : "taken"
            } catch { return "\(error)" }
        }
        #expect(try existing(recipe()) == "taken")
        let smaller = try existing(recipe("evaluation.size=[32, 32]"))
        #expect(smaller.contains("now the images are coco-json in \(shapes.root.path), seen at 32×32"))
        try FileManager.default.copyItem(at: shapes.root, to: scratch["moved"])
        let moved = try recipe("data.root=\(scratch["moved"].path)")
        #expect(existing(moved).contains("now the images are coco-json in \(scratch["moved"].path)"))
        #expect(existing(moved, mayHaveMoved: true) == "taken")
        let first = try #require(try recipe().data.unlabelledImages().files(0).first)
        try Image(width: 32, height: 64, filledWith: 9).write(to: first)
        #expect(try existing(recipe()).contains("found 32×64"))
    }

    @Test("two images of one name; images that are tested on")
    func foldersThatDoNotServe() throws {
        for name in ["a.png", "a.jpeg"] {
            try FileManager.default.createDirectory(at: scratch["photos"], withIntermediateDirectories: true)
            try Image(width: 64, height: 64, filledWith: 90).write(to: scratch["photos/\(name)"])
        }
        let twice = try recipe("data.unlabelled.images=\(scratch["photos"].path)", "data.fraction=1")
        let error = #expect(throws: UserError.self) { try train(twice, into: scratch["twice"]) }
        #expect(error?.message.contains("two unlabelled images have the name 'a': ") == true)
        let images = shapes.root.appendingPathComponent("images").path
        let tested = try message(recipe("data.unlabelled.images=\(images)", "data.fraction=1"))
        #expect(tested.contains("has 6 images of the validation data") && tested.contains("name a folder without them"))
    }

    @Test("splits that tell other classes apart are not one data set")
    func splitsOfOtherClasses() throws {
        let other = try Shapes(at: scratch["other"], [[.disc(20, 20, radius: 8)]], classes: ["disc", "ring"])
        try FileManager.default.copyItem(
            at: other.root.appendingPathComponent("train.json"), to: shapes.root.appendingPathComponent("more.json"))
        let text = try message(recipe("data.train=[train, more]"))
        #expect(text.contains("the classes of 'more' are background, disc, ring, those of 'train' background, disc, square"))
    }

    @Test func teachersThatDoNotFitAreRefused() throws {
        let pixels = try tinyRecipe("pixels", steps: 2, overrides: ["student.model=fcn-resnet18"])
        try train(pixels, into: scratch["pixels"])
        let other = try message(recipe("data.unlabelled.teacher=\(scratch["pixels"].path)"))
        #expect(other.contains("the data's objects are disc, square") && other.contains("loss.task: instances on the same classes"))
        #expect(try message(recipe("data.unlabelled.teacher=\(scratch["nobody"].path)")).contains("found no trained network"))
        #expect(try message(recipe("data.unlabelled.images=\(scratch["nowhere"].path)")).contains("there is no such folder"))
    }

    @Test func trainingDoesNotGoOnWithAnotherTeacher() throws {
        #expect(throws: Interrupted.self) { try trainAndInterrupt(recipe(steps: 4), into: scratch["run"], after: 2) }
        try train(shapes.recipe(steps: 2, overrides: Self.small), into: scratch["teacher"], existing: .overwrite)
        let error = #expect(throws: UserError.self) { try train(recipe(steps: 4), into: scratch["run"], existing: .resume) }
        #expect(error?.message.contains("stale") == true)
    }
}
