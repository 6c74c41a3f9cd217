import Foundation
import Recipes
import Runs
import Support
import Testing
import Train
import Vision

/// What a run does with samples that cannot be used.
@Suite struct BadSampleTests {
    let scratch: Scratch

    init() throws { scratch = try Scratch() }

    /// Six labelled images of 64×48, of which, unless they are to be sound, one is cut short, one has an impossible label and one no labels.
    private func writeData(sound: Bool = false) throws {
        for folder in ["images", "labels"] {
            try FileManager.default.createDirectory(at: scratch["data/\(folder)"], withIntermediateDirectories: true)
        }
        for index in 0..<6 {
            let image = Image(width: 64, height: 48, filledWith: UInt8(20 * index))
            try image.write(to: scratch["data/images/\(index).png"])
            let labels = LabelMap(width: 64, height: 48, filledWith: index == 3 && !sound ? 9 : UInt8(index % 2))
            if index != 4 || sound { try labels.write(to: scratch["data/labels/\(index).png"]) }
        }
        guard !sound else { return }
        let whole = try Data(contentsOf: scratch["data/images/1.png"])
        try whole.prefix(whole.count / 2).write(to: scratch["data/images/1.png"])
    }

    private func recipe(_ badSamples: String, _ overrides: String...) throws -> Recipe {
        let yaml = """
            name: bad
            threads: 1
            data:
              dataset: folder
              root: \(scratch["data"].path)
              classes: [road, car]
              train: .
              validation: .
              test: .
              badSamples: \(badSamples)
              loader: {batchSize: 2, threads: 1}
              augmentation: {crop: [48, 64]}
            student: {model: espnetv2-s0.5, precision: float32}
            schedule: {steps: 1}
            evaluation: {every: 1}
            """
        return try Recipe.parse(yaml, overrides: overrides, catalog: .standard).recipe
    }

    @Test func stopRefusesToTrain() throws {
        try writeData()
        #expect { try train(recipe("stop"), into: scratch["run"]) } throws: { "\($0)".contains("have no labels: 4") }
        try LabelMap(width: 64, height: 48).write(to: scratch["data/labels/4.png"])
        #expect { try train(recipe("stop"), into: scratch["run"]) } throws: { error in
            let text = "\(error)"
            return text.contains("2 of 6 samples cannot be used") && text.contains("images/1.png") && text.contains("labels/3.png")
                && text.contains("badSamples: skip")
        }
    }

    @Test func skipPutsThemAsideAndListsThem() throws {
        try writeData()
        var notes: [String] = []
        let setup = try TrainingSetup(recipe("skip")) { notes.append($0) }
        #expect(notes.contains("3 training samples are put aside, 3 are left: 4, 1, 3"))
        try Trainer(setup, into: scratch["run"]).train()
        let list = try String(contentsOf: scratch["run/put-aside.txt"], encoding: .utf8)
        for text in [
            "images/4.png: the image has no labels", "images/1.png: the PNG is damaged", "labels/3.png: expected labels of 2 classes",
        ] {
            #expect(list.contains(text))
        }
        // The evaluation goes without them too.
        #expect(try RunFolder.open(scratch["run"]).readInfo().status == .finished)
    }

    /// What is left of labelled images is sound already; a folder's are read.
    @Test func unlabelledImagesArePutAsideToo() throws {
        try writeData()
        try FileManager.default.createDirectory(at: scratch["photos"], withIntermediateDirectories: true)
        for index in 0..<3 { try Image(width: 64, height: 48, filledWith: UInt8(7 + index)).write(to: scratch["photos/\(index).png"]) }
        try Data("no image".utf8).write(to: scratch["photos/1.png"])
        func notes(_ unlabelled: String, _ badSamples: String = "skip") throws -> [String] {
            var notes: [String] = []
            let data = ["data.loader.batchSize=1", "data.fraction=0.5", "data.unlabelled=\(unlabelled)"]
            _ = try TrainingSetup(recipe(badSamples, data[0], data[1], data[2])) { notes.append($0) }
            return notes
        }
        #expect(try notes("{online: {cutMix: 0}}").contains { $0.contains("unlabelled images, seen through a teacher") })
        let folder = try notes("{images: \(scratch["photos"].path), online: {cutMix: 0}}")
        #expect(folder.contains { $0.hasPrefix("2 unlabelled images, seen") })
        #expect(folder.contains("1 unlabelled samples are put aside, 2 are left: 1"))
        try FileManager.default.removeItem(at: scratch["data"])
        try writeData(sound: true)
        #expect { try notes("{images: \(scratch["photos"].path), online: {cutMix: 0}}", "stop") } throws: {
            "\($0)".contains("photos/1.png")
        }
    }
}
