import Foundation
import SegData
import Support
import Testing
import Vision

@Suite struct SamplingTests {
    /// 100 samples: class 0 everywhere, class 1 in the first 25, class 2 in the first 4, one sample with many of its pixels.
    private let statistics = ClassStatistics(
        classes: ["road", "pole", "train"],
        samples: (0..<100).map { index in [900, index < 25 ? 80 : 0, index < 4 ? (index == 0 ? 9000 : 10) : 0] })

    private func options(
        _ sampling: Sampling, batchSize: Int = 4, share: LoaderShare = .all, dropLast: Bool = true, epochs: Int? = 1
    ) -> LoaderOptions {
        LoaderOptions(
            batchSize: batchSize, augmentation: Augmentation(crop: Size(width: 4, height: 4)), seed: 7, sampling: sampling, share: share,
            dropLast: dropLast, epochs: epochs, threads: 2)
    }

    private func indices(_ dataset: any Dataset, _ options: LoaderOptions, from position: LoaderPosition = .start) throws -> [[Int]] {
        let loader = try Loader(dataset, options, from: position)
        var batches: [[Int]] = []
        while let batch = try loader.next() { batches.append(batch.indices) }
        return batches
    }

    private let tiny = TinyDataset(count: 100, width: 6, height: 5)

    // MARK: Repeat factors

    @Test func rareImagesComeAsOftenAsTheirRarestClassSays() throws {
        // √(0.25 / 1) < 1, √(0.25 / 0.25) = 1, √(0.25 / 0.04) = 2.5.
        let epochs = 40
        let loaded = try indices(tiny, options(.repeatFactor(statistics, threshold: 0.25), batchSize: 1, epochs: epochs))
        // 96 · 1 + 4 · 2.5
        #expect(loaded.count == 106 * epochs)
        for epoch in 0..<epochs {
            let order = loaded[106 * epoch..<106 * (epoch + 1)].map { $0[0] }
            for index in 0..<100 {
                let times = order.count { $0 == index }
                #expect(index < 4 ? times == 2 || times == 3 : times == 1)
            }
        }
        let rare = loaded.count { $0[0] < 4 }
        #expect(rare == 10 * epochs)
        #expect(loaded[0..<106] != loaded[106..<212])
    }

    @Test func anEpochsLengthIsAWholeNumber() throws {
        // √(0.5 / 0.25) = 1.414…, √(0.5 / 0.04) = 3.535…: 75 + 21 · 1.414… + 4 · 3.535… = 118.84
        let loaded = try indices(tiny, options(.repeatFactor(statistics, threshold: 0.5), batchSize: 1, epochs: 3))
        #expect(loaded.count == 3 * 119)
        #expect(Set(loaded[119..<238].map { $0[0] }).count == 100)
    }

    // MARK: Class-balanced

    @Test func classesAreDrawnByTheirRarity() throws {
        let temperature = 0.5
        let epochs = 60
        let loaded = try indices(
            tiny, options(.classBalanced(statistics, temperature: temperature, pixels: 50), batchSize: 1, epochs: epochs)
        ).map { $0[0] }
        #expect(loaded.count == 100 * epochs)
        let pixels = [90_000.0, 2000, 9030]
        let weights = pixels.map { exp((1 - $0 / 101_030) / temperature) }
        let total = weights.reduce(0, +)
        // Of the train only sample 0 has 50 pixels; the pole is in 25, the road in all.
        let expectedZero = (weights[2] + weights[1] / 25 + weights[0] / 100) / total
        let expectedPole = (weights[1] / 25 + weights[0] / 100) / total
        let draws = Double(loaded.count)
        func expect(_ found: Int, near share: Double) {
            // Five standard deviations of the binomial distribution.
            #expect(abs(Double(found) - draws * share) < 5 * (draws * share * (1 - share)).squareRoot())
        }
        expect(loaded.count { $0 == 0 }, near: expectedZero)
        expect(loaded.count { (1..<25).contains($0) }, near: 24 * expectedPole)
        expect(loaded.count { $0 >= 25 }, near: 75 * weights[0] / 100 / total)
    }

    @Test func aColdTemperatureDrawsOnlyTheRarestClass() throws {
        let loaded = try indices(tiny, options(.classBalanced(statistics, temperature: 1e-4, pixels: 1), batchSize: 1))
        #expect(loaded.allSatisfy { $0[0] < 25 })
        #expect(Set(loaded.map { $0[0] }).count > 15)
    }

    @Test func statisticsOfOtherDataAreRefused() throws {
        let other = TinyDataset(count: 99)
        #expect { try Loader(other, options(.repeatFactor(statistics, threshold: 0.1))) } throws: { "\($0)".contains("100 samples") }
        let none = ClassStatistics(classes: ["a"], samples: [[Int]](repeating: [], count: 100))
        #expect { try Loader(tiny, options(.classBalanced(none))) } throws: { "\($0)".contains("no sample has a label") }
    }

    // MARK: Several processes

    private var samplings: [Sampling] {
        [.sequential, .shuffle, .classBalanced(statistics, pixels: 1), .repeatFactor(statistics, threshold: 0.5)]
    }

    @Test func processesShareEveryStepOfTheSameOrder() throws {
        for sampling in samplings {
            let alone = try indices(tiny, options(sampling, batchSize: 12))
            let shares = try (0..<3).map { try indices(tiny, options(sampling, share: LoaderShare($0, of: 3))) }
            #expect(shares.allSatisfy { $0.count == alone.count && $0.allSatisfy { $0.count == 4 } })
            for (step, batch) in alone.enumerated() { #expect(shares.flatMap { $0[step] } == batch) }
        }
    }

    @Test func processesTogetherSeeEverySampleOnce() throws {
        let shares = try (0..<3).map {
            try indices(tiny, options(.shuffle, batchSize: 5, share: LoaderShare($0, of: 3), dropLast: false))
        }
        #expect(shares.flatMap { $0.flatMap { $0 } }.sorted() == Array(0..<100))
        #expect(shares.map { $0.last!.count } == [3, 3, 4])
        let tooMany = options(.shuffle, batchSize: 3, share: LoaderShare(0, of: 11), dropLast: false)
        #expect { try Loader(tiny, tooMany) } throws: { "\($0)".contains("fewer images than there are processes (11)") }
    }

    @Test func everyOrderResumes() throws {
        for sampling in samplings {
            let options = options(sampling, share: LoaderShare(1, of: 2), epochs: 3)
            let all = try indices(tiny, options)
            let perEpoch = all.count / 3
            #expect(try indices(tiny, options, from: LoaderPosition(epoch: 1, batch: 5)) == Array(all[(perEpoch + 5)...]))
        }
    }

    // MARK: Two streams

    @Test func labelledAndUnlabelledStreamsHaveTheirOwnBatchesAndEpochs() throws {
        let unlabelled = TinyDataset(count: 17, unlabelled: true)
        func open(from position: PairedLoader.Position = .start) throws -> PairedLoader {
            try PairedLoader(
                labelled: tiny, options(.shuffle, batchSize: 2, epochs: nil), unlabelled: unlabelled,
                options(.shuffle, batchSize: 5, epochs: nil), from: position)
        }
        func take(_ loader: PairedLoader, _ count: Int) throws -> [[LoaderTests.Content]] {
            try (0..<count).map { _ in
                let pair = try #require(try loader.next())
                return [.init(pair.labelled), .init(pair.unlabelled)]
            }
        }
        let loader = try open()
        let first = try take(loader, 7)
        #expect(first.allSatisfy { $0[0].indices.count == 2 && $0[1].indices.count == 5 })
        // 50 batches an epoch, and 3.
        let position = loader.position
        #expect(position.labelled == LoaderPosition(epoch: 0, batch: 7))
        #expect(position.unlabelled == LoaderPosition(epoch: 2, batch: 1))
        let rest = try take(loader, 5)
        #expect(try take(open(from: position), 5) == rest)
    }

    @Test func streamsOfOneSeedAreDrawnApart() throws {
        let loader = try PairedLoader(labelled: tiny, options(.shuffle), unlabelled: tiny, options(.shuffle))
        var pairs: [(Batch, Batch)] = []
        while let pair = try loader.next() { pairs.append(pair) }
        #expect(pairs.count == 25)
        #expect(pairs.contains { $0.0.indices != $0.1.indices })
    }

    // MARK: Statistics

    @Test func labelsAreCountedOnceAndKept() throws {
        let folder = try TemporaryFolder()
        for (name, value) in [("a", UInt8(0)), ("b", 1), ("c", 1)] {
            try writePair(folder, image: "images/\(name).png", labels: "labels/\(name).png", value: value)
        }
        let data = try FileDataset(
            images: folder.url.appendingPathComponent("images"), labels: folder.url.appendingPathComponent("labels"),
            classes: ClassList(names: ["x", "y", "z"]))
        let file = folder["run/classes.json"]
        let counter = Counter()
        func load() throws -> ClassStatistics {
            try ClassStatistics(cachedAt: file, for: data) { _ in counter.add(1) }
        }
        let counted = try load()
        #expect(counted.pixels == [48, 96, 0])
        #expect(counted.images == [1, 2, 0])
        #expect(try load() == counted)
        #expect(counter.value == 3)
        // Other labels under the same name.
        try writePair(folder, image: "images/c.png", labels: "labels/c.png", value: 2)
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: folder["labels/c.png"].path)
        #expect(try load().pixels == [48, 48, 48])
    }
}
