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

    private let buffer: BufferPool.Buffer
    private let pool: BufferPool

    public var epoch: Int { position.epoch }
    public var imageBytes: Int { count * size.height * size.width * 3 }
    public var labelBytes: Int { count * size.height * size.width }
    private var labelOffset: Int { (imageBytes + 63) & ~63 }

    init(size: Size, indices: [Int], position: LoaderPosition, pool: BufferPool) {
        count = indices.count
        self.size = size
        self.indices = indices
        self.position = position
        self.pool = pool
        let pixels = indices.count * size.height * size.width
        buffer = pool.take(4 * pixels + 64)
    }

    deinit { pool.giveBack(buffer) }

    /// The images: count × height × width × RGB, 8 bits each. The memory is valid as long as the batch.
    public func withImages<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: buffer.pointer, count: imageBytes))
    }

    /// The labels: count × height × width class indices, 255 = ignore. The memory is valid as long as the batch.
    public func withLabels<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: buffer.pointer + labelOffset, count: labelBytes))
    }

    /// Where the threads write the sample in `slot`.
    func destination(_ slot: Int) -> (image: UnsafeMutablePointer<UInt8>, labels: UnsafeMutablePointer<UInt8>) {
        let pixels = size.height * size.width
        let images = buffer.pointer.assumingMemoryBound(to: UInt8.self)
        return (images + 3 * pixels * slot, images + labelOffset + pixels * slot)
    }
}
