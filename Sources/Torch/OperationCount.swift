import Foundation

/// Counts multiplications with addition (MACs) of convolutions, matrix products and attention: what papers call a network's
/// complexity. Normalisations, activations and resizing are left out, as they do.
public enum OperationCount {
    private static let lock = NSLock()
    nonisolated(unsafe) private static var isCounting = false
    nonisolated(unsafe) private static var total = 0

    /// What `body` multiplies. One count goes on at a time, and nothing else may be computed meanwhile.
    public static func of(_ body: () throws -> Void) rethrows -> Int {
        lock.lock()
        defer { lock.unlock() }
        (total, isCounting) = (0, true)
        defer { isCounting = false }
        try body()
        return total
    }

    @inline(__always)
    static func add(_ count: () -> Int) {
        if isCounting { total += count() }
    }

    static func convolution(_ x: Tensor, _ weight: Tensor, _ stride: [Int], _ padding: [Int], _ dilation: [Int]) {
        add {
            let area = (0..<2).map { axis -> Int in
                let reach = dilation[axis] * (weight.size(axis + 2) - 1) + 1
                return (x.size(axis + 2) + 2 * padding[axis] - reach) / stride[axis] + 1
            }
            return x.size(0) * area[0] * area[1] * weight.count
        }
    }
}
