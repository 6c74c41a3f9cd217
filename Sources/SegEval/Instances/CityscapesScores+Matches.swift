extension CityscapesScores {
    /// The overlaps at which an object counts as found, as NumPy's `arange` rounds them.
    private static let overlaps: [Double] = (0..<10).map { 0.5 + Double($0) * 0.05 }

    /// - Parameters:
    ///   - images: of each image its matches.
    ///   - names: of the classes that they have.
    public init(_ images: [CityscapesMatches], classes names: [String] = CityscapesLabels.scored.map(\.name)) {
        var table: [[Double]?] = []
        classes = names.enumerated().map { index, name in
            let truths = images.reduce(0) { $0 + $1.truths[index].count { $0.counts } }
            let detections = images.reduce(0) { $0 + $1.detections[index].count }
            let precisions = truths > 0 ? Self.overlaps.map { PrecisionCurve(images, index, $0).average } : nil
            table.append(precisions)
            return Class(
                name: name, truths: truths, detections: detections, averagePrecision: precisions.map { Self.mean($0)! },
                averagePrecision50: precisions?[0])
        }
        let known = table.compactMap(\.self)
        averagePrecision = Self.mean(known.flatMap(\.self))
        averagePrecision50 = Self.mean(known.map { $0[0] })
        self.images = images.count
        unscoredLabels = images.reduce(into: [:]) { sums, image in sums.merge(image.unscored, uniquingKeysWith: +) }
    }

    private static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}

/// Hits and mistakes of one class at one overlap, as `evaluateMatches` of cityscapesScripts counts them.
private struct PrecisionCurve {
    private var scored: [(confidence: Double, isHit: Bool)] = []
    private var missed = 0

    init(_ images: [CityscapesMatches], _ label: Int, _ overlap: Double) {
        for image in images { add(image.truths[label], image.detections[label], overlap) }
    }

    private mutating func add(_ truths: [CityscapesMatches.Truth], _ detections: [CityscapesMatches.Detection], _ overlap: Double) {
        var best = [Double?](repeating: nil, count: truths.count)
        for detection in detections {
            var found = false
            for (index, shared) in detection.shared where detection.overlap(truths[index], shared) > overlap {
                found = true
                guard truths[index].counts else { continue }
                // Of two detections of one object the less sure one is a mistake.
                if let other = best[index] {
                    scored.append((min(other, detection.confidence), false))
                    best[index] = max(other, detection.confidence)
                } else {
                    best[index] = detection.confidence
                }
            }
            guard !found else { continue }
            var ignored = detection.void
            for (index, shared) in detection.shared {
                // A small group counts twice, as in the original.
                ignored += (truths[index].isGroup ? shared : 0) + (truths[index].isSmall ? shared : 0)
            }
            if Double(ignored) / Double(detection.pixels) <= overlap { scored.append((detection.confidence, false)) }
        }
        for (truth, confidence) in zip(truths, best) where truth.counts {
            if let confidence { scored.append((confidence, true)) } else { missed += 1 }
        }
    }

    /// The area under precision over recall, in steps around each confidence that occurs.
    var average: Double {
        let sorted = scored.sorted { $0.confidence < $1.confidence }
        let hits = sorted.count { $0.isHit }
        var (precision, recall): ([Double], [Double]) = ([], [])
        var below = 0
        for index in sorted.indices {
            if index == 0 || sorted[index].confidence != sorted[index - 1].confidence {
                let found = Double(hits - below)
                precision.append(found / Double(sorted.count - index))
                recall.append(found / Double(hits + missed))
            }
            below += sorted[index].isHit ? 1 : 0
        }
        precision.append(1)
        recall.append(0)
        return precision.indices.reduce(0) { sum, index in
            let before = recall[max(0, index - 1)]
            let after = index + 1 < recall.count ? recall[index + 1] : 0
            return sum + precision[index] * 0.5 * (before - after)
        }
    }
}
