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

    /// Six labelled images of 64×48, of which one is cut short, one has an impossible label and one has no labels.
    private func writeData() throws {
        for folder in ["images", "labels"] {
            try FileManager.default.createDirectory(at: scratch["data/\(folder)"], withIntermediateDirectories: true)
        }
        for index in 0..<6 {
            let image = Image(width: 64, height: 48, filledWith: UInt8(20 * index))
            try image.write(to: scratch["data/images/\(index).png"])
            let labels = LabelMap(width: 64, height: 48, filledWith: index == 3 ? 9 : UInt8(index % 2))
            if index != 4 { try labels.write(to: scratch["data/labels/\(index).png"]) }
        }
        let whole = try Data(contentsOf: scratch["data/images/1.png"])
        try whole.prefix(whole.count / 2).write(to: scratch["data/images/1.png"])
    }

    private func recipe(_ badSamples: String) throws -> Recipe {
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
        return try Recipe.parse(yaml, catalog: .standard).recipe
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
}
