import Support

/// A further data set that the trained network is tested on, in the classes of the one that it was trained on: a target domain.
public struct TargetRecipe: RecipeSection {
    /// As tables and files call it.
    public var name = ""
    /// Where it lies, its `test` splits and its class map; nothing is trained on.
    public var data = DataRecipe()
    /// Patterns of the names of the images that are taken; empty: all.
    public var only: [String] = []
    /// The size before the network; nil: that of the recipe's evaluation.
    public var evaluationSize: PixelSize?

    public init() {}

    /// The keys of `data` that have a meaning for a test.
    private static let shared: Set<String> = [
        "dataset", "root", "test", "classMap", "classes", "images", "labels", "imageSuffix", "labelSuffix", "ignore", "evaluationCount",
        "size", "domain", "severity", "badSamples", "tile",
    ]

    static var fields: [Field<TargetRecipe>] {
        [
            .text("name", \.name, "What tables call it; by default the data set's name, or the domain's of rendered scenes.")
        ] + DataRecipe.fields.filter { shared.contains($0.key) }.map { $0.lifted(to: \.data) } + [
            .value(
                "only", \.only,
                "Take only the images whose names match one of these patterns, such as \"0001TP*\": * stands for any characters, ? for one."
            ).known(as: "include", "filter", "names"),
            .value(
                "evaluationSize", \.evaluationSize, or: "default",
                "Resize images to [height, width] before the network; default: as evaluation.size says."
            ).known(as: "resize"),
        ]
    }

    mutating func resolve(_ reader: RecipeReader) {
        if !reader.isGiven("test") { data.test = data.dataset.test }
        (data.train, data.validation) = (NameList([]), NameList([]))
        if !reader.isGiven("name") { name = data.dataset.domains.isEmpty ? data.dataset.name : data.domain }
    }

    func check(_ reader: inout RecipeReader) {
        data.check(&reader)
        if name.isEmpty || name.contains("/") || name.hasPrefix(".") {
            reader.report(at: "name", "expected a name that can be a file's, without '/' and not starting with '.', found '\(name)'")
        }
    }
}

extension DataRecipe {
    /// Targets of the source's own kind are like it in what they do not say: rendered scenes have its size and number.
    mutating func resolveTargets(_ reader: RecipeReader) {
        for index in targets.indices where targets[index].data.dataset == dataset {
            func take<Value>(_ key: String, _ property: WritableKeyPath<DataRecipe, Value>) {
                if !reader.isGiven("targets.\(index).\(key)") { targets[index].data[keyPath: property] = self[keyPath: property] }
            }
            take("size", \.size)
            take("evaluationCount", \.evaluationCount)
            take("classMap", \.classMap)
        }
    }

    func checkTargets(_ reader: inout RecipeReader) {
        for (index, target) in targets.enumerated() {
            let place = "targets.\(index)"
            if target.name == dataset.name || targets[..<index].contains(where: { $0.name == target.name }) {
                let other = target.name == dataset.name ? "the source" : "another target"
                reader.report(at: "\(place).name", "\(other) is called '\(target.name)' too; give this one a name of its own")
            }
            if let mine = classCount, let theirs = target.data.classCount, mine != theirs {
                let fitting = target.data.dataset.classMaps.filter { $0.value == mine }.keys.sorted()
                let hint = fitting.isEmpty ? "no map is known from its classes to those" : "give its classMap: \(fitting[0])"
                reader.report(at: "\(place).classMap", "'\(target.name)' has \(theirs) classes and the source \(mine); \(hint)")
            }
            if !target.data.dataset.isFiles && rendersTheSame(target.data) {
                reader.report(at: "\(place).test", "'\(target.name)' shows scenes that are trained on; take another split or domain")
            }
        }
    }

    /// Whether scenes that are trained on, or that choose the checkpoint, are among the other's test.
    private func rendersTheSame(_ other: DataRecipe) -> Bool {
        func views(_ data: DataRecipe, _ splits: NameList) -> Set<String> {
            let own = "\(data.domain):\(data.severity)"
            return Set(
                splits.names.map { split in
                    let parts = split.split(separator: "@", maxSplits: 1).map(String.init)
                    let view = parts.count < 2 ? own : parts[1].contains(":") ? parts[1] : "\(parts[1]):\(data.severity)"
                    return "\(parts[0])@\(view.hasPrefix("clear:") ? "clear" : view)"
                })
        }
        let mine = views(self, train).union(views(self, validation))
        return dataset == other.dataset && size == other.size && !mine.isDisjoint(with: views(other, other.test))
    }
}
