extension SettingSchema {
    /// The setting's value, or nil after a problem was reported.
    func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> SettingValue? {
        switch kind {
        case .flag: return Bool.read(node, &reader).map(SettingValue.flag)
        case .integer(let minimum): return reader.number(node, .atLeast(minimum)).map(SettingValue.integer)
        case .number(let range, let exclusive):
            return reader.number(node, Self.limit(range, exclusive)).map(SettingValue.number)
        case .positives:
            // One number stands for a list of one.
            guard let numbers = node.plain == nil ? [Double].read(node, &reader) : Double.read(node, &reader).map({ [$0] }) else {
                return nil
            }
            if !numbers.isEmpty, numbers.allSatisfy({ $0 > 0 }) { return .numbers(numbers) }
            reader.report(node, "expected one or more numbers greater than 0, found \(numbers.yaml)")
            return nil
        case .text: return String.read(node, &reader).map(SettingValue.text)
        case .texts:
            guard let texts = [String].read(node, &reader) else { return nil }
            if !texts.isEmpty { return .texts(texts) }
            reader.report(node, "expected at least one name, found an empty list")
            return nil
        case .choice(let words):
            if let text = node.text, words.contains(text) { return .text(text) }
            reader.report(node, expected: RecipeWriter.alternatives(words), among: words)
            return nil
        }
    }

    private static func limit(_ range: ClosedRange<Double>, _ exclusive: Bool) -> Limit<Double> {
        let low = range.lowerBound
        let high = range.upperBound
        if high == .greatestFiniteMagnitude { return exclusive ? .above(low) : .atLeast(low) }
        if !exclusive { return .from(low, to: high) }
        return Limit(text: "greater than \(low) and at most \(high)") { $0 > low && $0 <= high }
    }
}
