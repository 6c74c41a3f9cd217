import Foundation

/// The results of `transform` for 0..<count, computed on several threads that take the next index in turn.
/// - Parameter progress: called after each with the number done so far, from any thread, one call at a time.
/// - Throws: the error of the lowest index that had one; the others are then not waited for.
package func concurrentMap<Element: Sendable>(
    _ count: Int, threads: Int, progress: (@Sendable (_ done: Int) -> Void)? = nil,
    _ transform: @Sendable (Int) throws -> Element
) throws -> [Element] {
    let shared = SharedResults<Element>(count, progress)
    DispatchQueue.concurrentPerform(iterations: max(1, threads)) { _ in
        while let index = shared.claim() { shared.store(Result { try transform(index) }, at: index) }
    }
    return try shared.values()
}

private final class SharedResults<Element: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private let progress: (@Sendable (Int) -> Void)?
    private var results: [Element?]
    private var failure: (index: Int, error: any Error)?
    private var claimed = 0
    private var done = 0

    init(_ count: Int, _ progress: (@Sendable (Int) -> Void)?) {
        results = .init(repeating: nil, count: count)
        self.progress = progress
    }

    func claim() -> Int? {
        lock.withLock {
            guard failure == nil, claimed < results.count else { return nil }
            defer { claimed += 1 }
            return claimed
        }
    }

    func store(_ result: Result<Element, any Error>, at index: Int) {
        lock.withLock {
            switch result {
            case .success(let value): results[index] = value
            case .failure(let error): if index < failure?.index ?? .max { failure = (index, error) }
            }
            done += 1
            progress?(done)
        }
    }

    func values() throws -> [Element] {
        if let failure { throw failure.error }
        return results.map { $0! }
    }
}
