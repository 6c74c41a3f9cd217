extension SemanticReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case images, classes, absent, mIoU, mDice, meanAccuracy, pixelAccuracy, frequencyWeightedIoU
        case IoU, dice, accuracy, confusion, outside, outsidePixels
        case boundaryIoU, boundaryF1, trimapIoU, connectivity, domains, agreement, perImage
    }

    private struct Image: Encodable {
        let name: String
        let mIoU: Double?
        let boundaryIoU: Double?
        let otherMIoU: Double?
    }

    /// Scores as fractions; null where a class never occurs.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
        try values.encode(images.count, forKey: .images)
        try values.encode(classes.names, forKey: .classes)
        try values.encode(absent, forKey: .absent)
        try values.encode(finite(scores.meanIoU), forKey: .mIoU)
        try values.encode(finite(scores.meanDice), forKey: .mDice)
        try values.encode(finite(scores.meanAccuracy), forKey: .meanAccuracy)
        try values.encode(finite(scores.pixelAccuracy), forKey: .pixelAccuracy)
        try values.encode(finite(scores.frequencyWeightedIoU), forKey: .frequencyWeightedIoU)
        try values.encode(scores.classIoU, forKey: .IoU)
        try values.encode(scores.classDice, forKey: .dice)
        try values.encode(scores.classAccuracy, forKey: .accuracy)
        try values.encode(tally.confusion, forKey: .confusion)
        try values.encode(tally.outside, forKey: .outside)
        try values.encode(outside, forKey: .outsidePixels)
        try values.encodeIfPresent(extra.boundaryIoU, forKey: .boundaryIoU)
        try values.encodeIfPresent(extra.boundaryF1, forKey: .boundaryF1)
        try values.encodeIfPresent(extra.trimapIoU, forKey: .trimapIoU)
        try values.encodeIfPresent(extra.connectivity, forKey: .connectivity)
        try values.encodeIfPresent(domains, forKey: .domains)
        try values.encodeIfPresent(agreement, forKey: .agreement)
        let second = Dictionary(others.map { ($0.image, finite($0.scores.meanIoU)) }, uniquingKeysWith: { first, _ in first })
        try values.encode(
            images.map {
                Image(
                    name: $0.image, mIoU: finite($0.scores.meanIoU), boundaryIoU: $0.atBoundary.flatMap { finite($0.scores.meanIoU) },
                    otherMIoU: second[$0.image].flatMap(\.self))
            }, forKey: .perImage)
    }
}
