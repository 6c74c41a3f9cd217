import Foundation
import SegData
import Support
import Testing
import Vision

@Suite struct LoaderTests {
    /// All that a consumer can see of a batch.
    struct Content: Equatable {
        let position: LoaderPosition
        let indices: [Int]
        let size: Size
        let images: [UInt8]
        let labels: [UInt8]

        init(_ batch: Batch) {
            position = batch.position
            indices = batch.indices
            size = batch.size
            images = batch.withImages { Array($0) }
            labels = batch.withLabels { Array($0) }
        }
    }

    let augmentation = Augmentation(
        scale: 0.5...2, crop: Size(width: 16, height: 12), flip: 0.5,
        photometric: Photometric(jitter: ColorJitter(brightness: 0.5, hue: 0.2)))

    private func options(threads: Int, dropLast: Bool = true, epochs: Int? = nil, cacheMegabytes: Int = 0) -> LoaderOptions {
        LoaderOptions(
            batchSize: 4, augmentation: augmentation, seed: 5, dropLast: dropLast, epochs: epochs, threads: threads,
            cacheMegabytes: cacheMegabytes)
    }

    private func contents(_ loader: Loader, _ count: Int) throws -> [Content] {
        try (0..<count).compactMap { _ in try loader.next().map(Content.init) }
    }

    @Test func batchesAreTheSameForAnyNumberOfThreadsAndWithACache() throws {
        let data = TinyDataset(count: 11)
        let expected = try contents(Loader(data, options(threads: 1)), 9)
        #expect(expected.count == 9)
        for threads in [2, 3, 8] { #expect(try contents(Loader(data, options(threads: threads)), 9) == expected) }
        #expect(try contents(Loader(data, options(threads: 2, cacheMegabytes: 1)), 9) == expected)
    }

    @Test func batchesHoldTheAugmentedSamples() throws {
        let data = TinyDataset(count: 11)
        let loader = try Loader(data, options(threads: 2))
        for content in try contents(loader, 5) {
            for (slot, index) in content.indices.enumerated() {
                let sample = try augmentation(data.sample(index), seed: 5, epoch: content.position.epoch, index: index)
                #expect(Array(content.images[slot * 576..<(slot + 1) * 576]) == sample.image.pixels)
                #expect(Array(content.labels[slot * 192..<(slot + 1) * 192]) == sample.labels?.values)
            }
        }
    }

    @Test func everyEpochIsAnotherOrderOfAllSamples() throws {
        let loader = try Loader(TinyDataset(count: 11), options(threads: 2, dropLast: false, epochs: 3))
        let batches = try contents(loader, 20)
        #expect(batches.count == 9)
        #expect(batches.map(\.indices.count) == [4, 4, 3, 4, 4, 3, 4, 4, 3])
        let orders = (0..<3).map { epoch in batches.filter { $0.position.epoch == epoch }.flatMap(\.indices) }
        for order in orders { #expect(order.sorted() == Array(0..<11)) }
        #expect(Set(orders).count == 3)
        #expect(try loader.next() == nil)
    }

    @Test func aLoaderThatResumesGivesTheSameBatches() throws {
        let data = TinyDataset(count: 11)
        let loader = try Loader(data, options(threads: 2))
        _ = try contents(loader, 3)
        let position = loader.position
        #expect(position == LoaderPosition(epoch: 1, batch: 1))
        let rest = try contents(loader, 6)
        #expect(try contents(Loader(data, options(threads: 3), from: position), 6) == rest)
        #expect(throws: UserError.self) { try Loader(data, options(threads: 1), from: LoaderPosition(epoch: 0, batch: 2)) }
    }

    @Test(arguments: [1, 3]) func aSamplesErrorComesOutOfNext(threads: Int) throws {
        let data = TinyDataset(count: 12, broken: 9)
        let options = LoaderOptions(batchSize: 4, augmentation: augmentation, sampling: .sequential, threads: threads)
        let loader = try Loader(data, options)
        #expect(try loader.next() != nil)
        #expect(try loader.next() != nil)
        for _ in 0..<2 { #expect { try loader.next() } throws: { "\($0)".contains("tiny/9 is broken") } }
    }

    @Test func imagesKeepTheirSizeForEvaluation() throws {
        let data = TinyDataset(count: 5, sizesDiffer: true)
        let loader = try Loader(data, .evaluation(threads: 2))
        for index in 0..<5 {
            let batch = try #require(try loader.next())
            let sample = try data.sample(index)
            #expect(batch.size == Size(width: 24 + index, height: 18))
            #expect(batch.withImages { Array($0) } == sample.image.pixels)
            #expect(batch.withLabels { Array($0) } == sample.labels?.values)
        }
        #expect(try loader.next() == nil)
        let pairs = try Loader(data, .evaluation(batchSize: 2, threads: 2))
        #expect { try pairs.next() } throws: { "\($0)".contains("must have one size") }
    }

    @Test func unlabelledImagesHaveLabelsThatAreNeverScored() throws {
        let loader = try Loader(TinyDataset(count: 4, unlabelled: true), options(threads: 2))
        let batch = try #require(try loader.next())
        #expect(batch.withLabels { $0.allSatisfy { $0 == 255 } })
        let whole = try Loader(TinyDataset(count: 1, unlabelled: true), .evaluation())
        #expect(try #require(try whole.next()).withLabels { $0.allSatisfy { $0 == 255 } })
    }

    @Test func buffersAreRecycled() throws {
        let counter = Counter()
        var options = options(threads: 3)
        options.memory = BatchMemory(
            allocate: {
                counter.add(1)
                return .allocate(byteCount: $0, alignment: 64)
            },
            free: {
                $0.deallocate()
                counter.add(-1)
            })
        do {
            let loader = try Loader(TinyDataset(count: 11), options)
            for _ in 0..<200 { _ = try loader.next() }
            // Those in the queue, the one in use, and one that is released while the next begins.
            #expect(counter.most <= options.prefetch + 2)
        }
        #expect(counter.value == 0)
    }

    @Test func aBatchOutlivesItsLoader() throws {
        var loader: Loader? = try Loader(TinyDataset(count: 11), options(threads: 2))
        let batch = try #require(try loader?.next())
        let before = Content(batch)
        loader = nil
        #expect(Content(batch) == before)
    }

    @Test func smallDataSetsAreReadOnceWithACache() throws {
        let cached = CachedDataset(TinyDataset(count: 6), megabytes: 1)
        let first = try (0..<6).map { try cached.sample($0) }
        #expect(cached.cachedCount == 6)
        #expect(try (0..<6).map { try cached.sample($0) } == first)
        let large = CachedDataset(TinyDataset(count: 6, width: 400, height: 400), megabytes: 2)
        for index in 0..<6 { _ = try large.sample(index) }
        #expect(large.cachedCount == 3)
    }

    @Test func optionsThatMakeNoSenseAreRefused() throws {
        #expect { try Loader(TinyDataset(count: 3), options(threads: 1)) } throws: { "\($0)".contains("fewer than one batch of 4") }
        #expect(throws: UserError.self) { try Loader(TinyDataset(count: 30), options(threads: 0)) }
        #expect(throws: UserError.self) { try Loader(TinyDataset(count: 0), .evaluation()) }
    }
}

final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private(set) var value = 0
    private(set) var most = 0

    func add(_ change: Int) {
        lock.withLock {
            value += change
            most = max(most, value)
        }
    }
}
