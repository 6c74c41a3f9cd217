import Support

extension DatasetSchema {
    /// What is wrong with a split's name, nil for one that there is. Where the set has domains, a split may say one:
    /// `test`, `test@fog`, `test@fog:0.8`.
    func problem(withSplit name: String) -> String? {
        let parts = domains.isEmpty ? [name] : name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard splits.contains(parts[0]) else { return missing("split", parts[0], splits) }
        guard parts.count == 2 else { return nil }
        let words = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if let problem = problem(withDomain: words[0]) { return problem }
        guard words.count == 2, !(Double(words[1]).map((0...1).contains) ?? false) else { return nil }
        return "expected a severity from 0 to 1 after ':', found '\(name)'"
    }

    /// What is wrong with a domain's name, nil for one that there is.
    func problem(withDomain name: String) -> String? {
        domains.contains(name) ? nil : missing("domain", name, domains)
    }

    private func missing(_ kind: String, _ name: String, _ names: [String]) -> String {
        let nearest = nearestName(to: name, in: names).map { "did you mean '\($0)'? " } ?? ""
        return "'\(self.name)' has no \(kind) '\(name)'; \(nearest)expected \(RecipeWriter.alternatives(names))"
    }
}
