import Support

extension SemanticReport {
    /// For the terminal: scores by class, by domain, agreement with the second predictions, and the best and the worst images.
    public var text: String {
        var parts = [SemanticTable(names: classes.names, confusion: tally.confusion, outside: tally.outside, extra: extra).text]
        if let domains { parts.append(domains.text) }
        if let agreement { parts.append(agreement.text(classes.names)) }
        let ranked = images.ranked(by: { $0.scores.meanIoU })
        if ranked.count > 1 {
            let count = min(3, ranked.count / 2)
            func line(_ title: String, _ images: [RankedImage]) -> String {
                "\(title): " + images.map { "\($0.name) \(percentage($0.score))" }.joined(separator: ", ")
            }
            parts.append(line("Best images", Array(ranked.prefix(count))) + "\n" + line("Worst images", ranked.suffix(count).reversed()))
        }
        return parts.joined(separator: "\n\n")
    }
}

extension DomainScores {
    /// A row for each domain, the source first, and the means in which all but the source weigh the same. In per cent.
    public var text: String {
        let hasBoundary = boundaryIoU != nil
        var table = TextTable(
            [.init("domain"), .init("images", .right), .init("mIoU", .right), .init("pixel acc.", .right)]
                + (hasBoundary ? [.init("bd. IoU", .right)] : []))
        func row(_ name: String, _ images: String, _ scores: [Double?]) -> [String] {
            [name, images] + scores.prefix(hasBoundary ? 3 : 2).map { $0.map { percentage($0) } ?? "–" }
        }
        func row(_ domain: Domain, _ name: String) -> [String] {
            row(name, String(domain.images), [domain.meanIoU, domain.pixelAccuracy, domain.boundaryIoU])
        }
        if let source { table.append(row(source, "\(source.name) (source)")) }
        for domain in domains { table.append(row(domain, domain.name)) }
        table.append(row(source == nil ? "mean" : "mean of targets", "", [meanIoU, pixelAccuracy, boundaryIoU]))
        guard let gap else { return table.text }
        return table.text + "\nGap, source − mean of targets: \(signedPoints(gap)) points of mIoU"
    }
}

extension Agreement {
    /// A row for each class: the shares of its pixels that both, one or none of the two predicts rightly. In per cent.
    public func text(_ names: [String]) -> String {
        var table = TextTable(
            [.init("class")]
                + ["both right", "only teacher", "only student", "same mistake", "other mistakes"].map { .init($0, .right) })
        func row(_ name: String, _ counts: [Int64]) -> [String] {
            let total = counts.reduce(0, +)
            return [name] + counts.map { total > 0 ? percentage(Double($0) / Double(total)) : "–" }
        }
        let cases = [bothRight, onlyTeacher, onlyStudent, sameMistake, otherMistake]
        for (index, name) in names.enumerated() { table.append(row(name, cases.map { $0[index] })) }
        table.append(row("all", cases.map { $0.reduce(0, +) }))
        return table.text
    }
}
