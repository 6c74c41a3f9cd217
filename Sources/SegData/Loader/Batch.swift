import Foundation
import Vision

/// Images and labels of one training step. Its memory goes back to the loader when the batch is released.
///
/// Images are raw bytes, so that teacher and student each normalise them in their own way on their own device.
public final class Batch: @unchecked Sendable {
    public let count: Int
    public let size: Size
    /// The samples' places in the data set.
    public let indices: [Int]
    /// Where this batch stands in the loader's sequence.
    public let position: LoaderPosition
    /// How long `next()` had to wait for this batch.
    public internal(set) var secondsWaited = 0.0

    /// 1, and one for each strongly augmented view.
    public let views: Int

    private let buffer: BufferPool.Buffer
    private let pool: BufferPool
    private let lock = NSLock()
    private var objects: [[Instance]?]
    private var places: [AffineMap]

    public var epoch: Int { position.epoch }
    public var imageBytes: Int { count * size.height * size.width * 3 }
    public var labelBytes: Int { count * size.height * size.width }
    /// Each part begins at a multiple of 64 bytes.
    private var viewBytes: Int { (imageBytes + 63) & ~63 }
    private var labelOffset: Int { views * viewBytes }

    init(size: Size, views: Int = 1, indices: [Int], position: LoaderPosition, pool: BufferPool) {
        count = indices.count
        self.size = size
        self.views = views
        objects = .init(repeating: nil, count: indices.count)
        places = .init(repeating: .identity, count: indices.count)
        self.indices = indices
        self.position = position
        self.pool = pool
        let pixels = indices.count * size.height * size.width
        buffer = pool.take((3 * views + 1) * pixels + 64 * views)
    }

    deinit { pool.giveBack(buffer) }

    /// The images: count × height × width × RGB, 8 bits each. The memory is valid as long as the batch.
    public func withImages<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: buffer.pointer, count: imageBytes))
    }

    /// A strong view of the same images: the same pixels in the same places, in other colours. Nil when there is none.
    /// - Parameter view: which one, from 0.
    public func withStrongImages<R>(view: Int = 0, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R? {
        guard view + 1 < views else { return nil }
        return try body(UnsafeRawBufferPointer(start: buffer.pointer + (view + 1) * viewBytes, count: imageBytes))
    }

    /// Each image's objects, as the crop shows them; nil for images without any known, and where the loader was not asked for them.
    public var instances: [[Instance]?] { lock.withLock { objects } }

    func set(_ instances: [Instance]?, at slot: Int) { lock.withLock { objects[slot] = instances } }

    /// Where each image's pixels come from in the data set's own image: see ``Augmentation/Plan/origin``. Of pixels that are mixed in
    /// from another sample it says nothing.
    public var origins: [AffineMap] { lock.withLock { places } }

    func set(_ origin: AffineMap, at slot: Int) { lock.withLock { places[slot] = origin } }

    /// The labels: count × height × width class indices, 255 = ignore. The memory is valid as long as the batch.
    public func withLabels<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: buffer.pointer + labelOffset, count: labelBytes))
    }

    /// Where the threads write the sample in `slot`.
    func destination(_ slot: Int) -> AugmentationTarget {
        let pixels = size.height * size.width
        let images = buffer.pointer.assumingMemoryBound(to: UInt8.self)
        return AugmentationTarget(
            image: images + 3 * pixels * slot, labels: images + labelOffset + pixels * slot,
            strong: (1..<views).map { images + $0 * viewBytes + 3 * pixels * slot })
    }
}
