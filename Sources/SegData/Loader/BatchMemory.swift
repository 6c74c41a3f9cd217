import Foundation

/// Where batches are kept: ordinary pages, or memory pinned for fast copies to a device.
public struct BatchMemory: Sendable {
    public let allocate: @Sendable (_ bytes: Int) -> UnsafeMutableRawPointer
    public let free: @Sendable (_ pointer: UnsafeMutableRawPointer) -> Void

    public init(
        allocate: @escaping @Sendable (_ bytes: Int) -> UnsafeMutableRawPointer,
        free: @escaping @Sendable (_ pointer: UnsafeMutableRawPointer) -> Void
    ) {
        self.allocate = allocate
        self.free = free
    }

    /// Page-aligned ordinary memory.
    public static let pages = BatchMemory(
        allocate: { .allocate(byteCount: $0, alignment: 4096) }, free: { $0.deallocate() })
}

/// Buffers that go from batch to batch, so that a training run's memory stays flat.
final class BufferPool: @unchecked Sendable {
    struct Buffer {
        let pointer: UnsafeMutableRawPointer
        let capacity: Int
    }

    private let memory: BatchMemory
    private var keep: Int
    private let lock = NSLock()
    private var idle: [Buffer] = []

    /// - Parameter keep: how many idle buffers are kept for later.
    init(_ memory: BatchMemory, keep: Int) {
        self.memory = memory
        self.keep = keep
    }

    deinit { close() }

    /// Frees the idle buffers now and the others when they come back.
    func close() {
        let buffers = lock.withLock {
            keep = 0
            defer { idle = [] }
            return idle
        }
        for buffer in buffers { memory.free(buffer.pointer) }
    }

    func take(_ bytes: Int) -> Buffer {
        let fitting: Buffer? = lock.withLock {
            idle.lastIndex { $0.capacity >= bytes }.map { idle.remove(at: $0) }
        }
        return fitting ?? Buffer(pointer: memory.allocate(bytes), capacity: bytes)
    }

    func giveBack(_ buffer: Buffer) {
        let surplus: Buffer? = lock.withLock {
            idle.append(buffer)
            return idle.count > keep ? idle.removeFirst() : nil
        }
        if let surplus { memory.free(surplus.pointer) }
    }
}
