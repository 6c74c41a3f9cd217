import Support
import Vision

/// An augmented sample on its way into a batch whose size it decides.
struct MadeSample {
    let sample: Sample
    let origin: AffineMap
}

/// A batch in the making. Everything mutable is guarded by the condition of ``LoaderWork``.
final class PendingBatch: @unchecked Sendable {
    let indices: [Int]
    let position: LoaderPosition
    /// Nil until the samples are there, when the size depends on them.
    let batch: Batch?

    private var claimed = 0
    private var remaining: Int
    private var samples: [MadeSample?]
    private var errors: [(slot: Int, error: any Error)] = []

    init(indices: [Int], position: LoaderPosition, batch: Batch?) {
        self.indices = indices
        self.position = position
        self.batch = batch
        remaining = indices.count
        samples = .init(repeating: nil, count: batch == nil ? indices.count : 0)
    }

    var hasFreeSlots: Bool { claimed < indices.count }
    var isDone: Bool { remaining == 0 }

    func claimSlot() -> Int {
        defer { claimed += 1 }
        return claimed
    }

    func complete(_ slot: Int, _ result: Result<MadeSample?, any Error>) {
        remaining -= 1
        switch result {
        case .success(let sample): if let sample { samples[slot] = sample }
        case .failure(let error): errors.append((slot, error))
        }
    }

    /// - Throws: the error of the first sample that had one, so that it does not depend on the threads' timing.
    func finish(_ pool: BufferPool) throws -> Batch {
        if let first = errors.min(by: { $0.slot < $1.slot }) { throw first.error }
        return try batch ?? assemble(samples.compactMap { $0 }, pool)
    }

    private func assemble(_ made: [MadeSample], _ pool: BufferPool) throws -> Batch {
        let samples = made.map(\.sample)
        let sizes = samples.map { Size(width: $0.image.width, height: $0.image.height) }
        guard let other = sizes.firstIndex(where: { $0 != sizes[0] }) else {
            let batch = Batch(size: sizes[0], indices: indices, position: position, pool: pool)
            for (slot, sample) in samples.enumerated() { batch.copy(sample, to: slot) }
            for (slot, sample) in made.enumerated() { batch.set(sample.origin, at: slot) }
            return batch
        }
        throw UserError(
            "images of one batch must have one size; \(samples[0].name) has \(sizes[0]), \(samples[other].name) has \(sizes[other])",
            hint: "Use batches of 1, or resize or crop to one size.")
    }
}

extension Batch {
    fileprivate func copy(_ sample: Sample, to slot: Int) {
        let (image, labels) = (destination(slot).image, destination(slot).labels)
        set(sample.instances, at: slot)
        image.update(from: sample.image.pixels, count: sample.image.pixels.count)
        if let values = sample.labels?.values {
            labels.update(from: values, count: values.count)
        } else {
            labels.update(repeating: ClassList.ignore, count: size.width * size.height)
        }
    }
}
