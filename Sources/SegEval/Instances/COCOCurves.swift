import SegData

/// Precision and recall of one category.
struct COCOCurves: Sendable {
    /// By area range: the mean precision over the 101 recalls, for each threshold; nil without truths.
    let precision: [[Double]?]
    /// By area range: the recall for each threshold with 1, 10 and 100 detections an image; nil without truths.
    let recall: [[[Double]]?]
    let truths: Int
    let detections: Int

    /// - Parameter groups: by image.
    init(_ groups: ArraySlice<COCOMatches>) {
        detections = groups.reduce(0) { $0 + $1.scores.count }
        let areas = COCOProtocol.areas.indices
        let totals = areas.map { area in groups.reduce(0) { $0 + $1.truths[area] } }
        truths = totals[0]
        let order = Self.order(groups)
        var (precision, recall): ([[Double]?], [[[Double]]?]) = ([], [])
        for area in areas {
            guard totals[area] > 0 else {
                precision.append(nil)
                recall.append(nil)
                continue
            }
            var outcomes: [COCOMatches.Outcome] = []
            var ranks: [Int] = []
            outcomes.reserveCapacity(detections)
            for group in groups {
                let count = group.scores.count
                outcomes += group.outcomes[area * count..<(area + 1) * count]
                if area == 0 { ranks += 0..<count }
            }
            precision.append(COCOProtocol.thresholds.indices.map { Self.precision(outcomes, order, $0, totals[area]) })
            let limits = area == 0 ? COCOProtocol.detections : [COCOProtocol.mostDetections]
            recall.append(
                limits.map { limit in
                    COCOProtocol.thresholds.indices.map { threshold in
                        let hits = outcomes.indices.reduce(0) {
                            $0 + (area > 0 || ranks[$1] < limit ? Int(outcomes[$1].hits >> UInt16(threshold) & 1) : 0)
                        }
                        return Double(hits) / Double(totals[area])
                    }
                })
        }
        (self.precision, self.recall) = (precision, recall)
    }

    /// Detections by falling score; of equals the earlier image's, then the image's better, comes first.
    private static func order(_ groups: ArraySlice<COCOMatches>) -> [Int32] {
        var keyed: [(score: Double, index: Int32)] = []
        for group in groups {
            for score in group.scores { keyed.append((score, Int32(keyed.count))) }
        }
        keyed.sort { $0.score > $1.score || ($0.score == $1.score && $0.index < $1.index) }
        return keyed.map(\.index)
    }

    /// The mean, over the 101 recalls, of the best precision at that recall or a larger one; 0 for recalls that are not reached.
    private static func precision(_ outcomes: [COCOMatches.Outcome], _ order: [Int32], _ threshold: Int, _ truths: Int) -> Double {
        // Precision falls between hits, so its largest values are at hits.
        var atHit: [Double] = []
        var mistakes = 0
        for index in order {
            let outcome = outcomes[Int(index)]
            if outcome.hits >> UInt16(threshold) & 1 == 1 {
                let hits = Double(atHit.count + 1)
                atHit.append(hits / (Double(mistakes) + hits + COCOProtocol.spacing))
            } else {
                mistakes += Int(outcome.mistakes >> UInt16(threshold) & 1)
            }
        }
        for index in atHit.indices.dropLast().reversed() { atHit[index] = max(atHit[index], atHit[index + 1]) }
        var sum = 0.0
        var hits = 1
        for recall in COCOProtocol.recalls {
            while hits <= atHit.count, Double(hits) / Double(truths) < recall { hits += 1 }
            guard hits <= atHit.count else { break }
            sum += atHit[hits - 1]
        }
        return sum / Double(COCOProtocol.recalls.count)
    }
}

extension COCOSummary {
    init(_ categories: [COCOCurves]) {
        func mean(_ values: (COCOCurves) -> [Double]?) -> Double? { Self.mean(categories.compactMap(values).flatMap { $0 }) }
        averagePrecision = mean { $0.precision[0] }
        averagePrecision50 = mean { $0.precision[0].map { [$0[COCOProtocol.half]] } }
        averagePrecision75 = mean { $0.precision[0].map { [$0[COCOProtocol.threeQuarters]] } }
        averagePrecisionSmall = mean { $0.precision[1] }
        averagePrecisionMedium = mean { $0.precision[2] }
        averagePrecisionLarge = mean { $0.precision[3] }
        averageRecall1 = mean { $0.recall[0]?[0] }
        averageRecall10 = mean { $0.recall[0]?[1] }
        averageRecall100 = mean { $0.recall[0]?[2] }
        averageRecallSmall = mean { $0.recall[1]?[0] }
        averageRecallMedium = mean { $0.recall[2]?[0] }
        averageRecallLarge = mean { $0.recall[3]?[0] }
    }

    fileprivate static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }
}

extension COCOScores.Category {
    init(_ category: COCOCategory, _ curves: COCOCurves) {
        id = category.id
        name = category.name
        truths = curves.truths
        detections = curves.detections
        averagePrecision = curves.precision[0].flatMap { COCOSummary.mean($0) }
        averagePrecision50 = curves.precision[0]?[COCOProtocol.half]
        averagePrecision75 = curves.precision[0]?[COCOProtocol.threeQuarters]
        averageRecall = curves.recall[0].flatMap { COCOSummary.mean($0[2]) }
    }
}
