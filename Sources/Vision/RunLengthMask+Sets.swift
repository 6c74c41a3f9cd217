/// Operations on two masks of one size, run by run.
extension RunLengthMask {
    /// The pixels of either mask.
    public func union(_ other: RunLengthMask) -> RunLengthMask { combine(other) { $0 || $1 } }

    /// The pixels of both masks.
    public func intersection(_ other: RunLengthMask) -> RunLengthMask { combine(other) { $0 && $1 } }

    /// The pixels of this mask that are not in `other`.
    public func subtracting(_ other: RunLengthMask) -> RunLengthMask { combine(other) { $0 && !$1 } }

    @inline(__always)
    private func combine(_ other: RunLengthMask, _ rule: (Bool, Bool) -> Bool) -> RunLengthMask {
        precondition(width == other.width && height == other.height, "masks are combined when they have one size")
        var result: [UInt32] = []
        result.reserveCapacity(counts.count + other.counts.count)
        var (inside, run) = (false, UInt32(0))
        walk(other) { mine, theirs, length in
            if rule(mine, theirs) != inside {
                result.append(run)
                (inside, run) = (!inside, 0)
            }
            run += length
        }
        result.append(run)
        return RunLengthMask(width: width, height: height, counts: result)
    }

    /// Calls `body` for each stretch in which neither mask changes.
    @inline(__always)
    private func walk(_ other: RunLengthMask, _ body: (Bool, Bool, UInt32) -> Void) {
        counts.withUnsafeBufferPointer { a in
            other.counts.withUnsafeBufferPointer { b in
                var (i, j) = (0, 0)
                var (left, right) = (a[0], b[0])
                while true {
                    let length = min(left, right)
                    if length > 0 { body(i & 1 == 1, j & 1 == 1, length) }
                    left -= length
                    right -= length
                    if left == 0 {
                        i += 1
                        guard i < a.count else { break }
                        left = a[i]
                    }
                    if right == 0 {
                        j += 1
                        guard j < b.count else { break }
                        right = b[j]
                    }
                }
            }
        }
    }

    /// Pixels that both masks have.
    public func intersectionArea(_ other: RunLengthMask) -> Int {
        precondition(width == other.width && height == other.height, "masks are compared when they have one size")
        var sum = 0
        walk(other) { mine, theirs, length in sum += mine && theirs ? Int(length) : 0 }
        return sum
    }

    /// Intersection over union; over this mask's own area when `crowd` says that `other` is a group of objects. 0 when they do not meet.
    public func iou(_ other: RunLengthMask, crowd: Bool = false) -> Double {
        let shared = intersectionArea(other)
        guard shared > 0 else { return 0 }
        return Double(shared) / Double(crowd ? area : area + other.area - shared)
    }
}
