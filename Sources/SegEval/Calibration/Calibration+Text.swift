import Support

extension Calibration {
    /// The reliability curve as a table, with the calibration error. In per cent.
    public var text: String {
        var table = TextTable([.init("confidence", .right), .init("pixels", .right), .init("mean conf.", .right), .init("right", .right)])
        let bins = reliability.counts.count
        let total = Double(max(reliability.total, 1))
        for bin in 0..<bins where reliability.counts[bin] > 0 {
            let (lower, upper) = (Double(bin) / Double(bins), Double(bin + 1) / Double(bins))
            table.append([
                "\(percentage(lower, digits: 0))–\(percentage(upper, digits: 0))", percentage(Double(reliability.counts[bin]) / total),
                reliability.meanConfidence[bin].map { percentage($0) } ?? "–", reliability.accuracy[bin].map { percentage($0) } ?? "–",
            ])
        }
        let error = expectedError.map { percentage($0) } ?? "–"
        let direction = overconfidence.map { "; confidence minus accuracy \(signedPoints($0))" } ?? ""
        return "\(table.text)\n\nexpected calibration error \(error)\(direction)"
    }
}
