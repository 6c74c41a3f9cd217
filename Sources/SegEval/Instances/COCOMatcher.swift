/// Which of a group's detections find an object, for every area range and threshold.
struct COCOMatches: Sendable {
    /// Of one detection, in one area range: a bit for each threshold.
    struct Outcome: Sendable {
        var hits: UInt16 = 0
        var mistakes: UInt16 = 0
    }

    let category: Int
    /// By falling score, at most 100.
    var scores: [Double] = []
    /// By area range and detection.
    var outcomes: [Outcome] = []
    /// Objects to be found, by area range.
    var truths = [Int](repeating: 0, count: COCOProtocol.areas.count)

    init(category: Int) { self.category = category }
}

/// Matches detections with truths as COCO's `evaluateImg` does: each detection, by falling score, takes the free object that it covers
/// best; a crowd is never used up; an object that does not count is taken only where no other is.
struct COCOMatcher {
    /// A truth, in the order of the file.
    struct Truth {
        let area: Double
        let isCrowd: Bool
    }

    let truths: [Truth]
    /// By falling score.
    let detectionAreas: [Double]
    /// IoU by detection and truth.
    let overlaps: [Double]

    func match(into result: inout COCOMatches) {
        result.outcomes.reserveCapacity(COCOProtocol.areas.count * detectionAreas.count)
        for (index, range) in COCOProtocol.areas.enumerated() {
            let ignored = truths.map { $0.isCrowd || $0.area < range.0 || $0.area > range.1 }
            // Objects that count come first; otherwise the file's order decides between equals.
            let order = truths.indices.filter { !ignored[$0] } + truths.indices.filter { ignored[$0] }
            result.truths[index] = ignored.reduce(0) { $0 + ($1 ? 0 : 1) }
            var outcomes = detectionAreas.map { area in
                let outside = area < range.0 || area > range.1
                return COCOMatches.Outcome(mistakes: outside ? 0 : (1 << COCOProtocol.thresholds.count) - 1)
            }
            if !truths.isEmpty { match(order, ignored, &outcomes) }
            result.outcomes += outcomes
        }
    }

    /// - Parameter outcomes: all mistakes, or nothing for detections outside the area range.
    private func match(_ order: [Int], _ ignored: [Bool], _ outcomes: inout [COCOMatches.Outcome]) {
        /// Thresholds at which a truth is taken.
        var taken = [UInt16](repeating: 0, count: truths.count)
        for detection in outcomes.indices {
            let row = detection * truths.count
            for (number, threshold) in COCOProtocol.thresholds.enumerated() {
                let bit = UInt16(1) << UInt16(number)
                guard let best = best(row, min(threshold, 1 - 1e-10), bit, order, ignored, taken) else { continue }
                taken[best] |= bit
                outcomes[detection].mistakes &= ~bit
                if !ignored[best] { outcomes[detection].hits |= bit }
            }
        }
    }

    @inline(__always)
    private func best(_ row: Int, _ threshold: Double, _ bit: UInt16, _ order: [Int], _ ignored: [Bool], _ taken: [UInt16]) -> Int? {
        var best: Int?
        var overlap = threshold
        for truth in order {
            if taken[truth] & bit != 0, !truths[truth].isCrowd { continue }
            if let best, !ignored[best], ignored[truth] { break }
            // Of equals the last is taken.
            guard overlaps[row + truth] >= overlap else { continue }
            overlap = overlaps[row + truth]
            best = truth
        }
        return best
    }
}
