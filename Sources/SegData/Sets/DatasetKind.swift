import Support

/// A row of the table of data sets: what a set is called, what it holds, how its files lie, and what opens it.
public struct DatasetKind: Sendable, CustomStringConvertible {
    /// A choice of ``DatasetOptions`` that has a meaning for some sets only.
    public enum Setting: String, Sendable, CaseIterable {
        case root, classes, images, labels, imageSuffix, labelSuffix, ignore, instances, count, evaluationCount, size, domain, severity
    }

    /// As recipes and the command line write it: `idd-lite`.
    public let name: String
    /// As papers write it: IDD-Lite.
    public let title: String
    /// What it shows, in a few words.
    public let summary: String
    /// Nil where the user says them, and for images without labels.
    public let classes: ClassList?
    /// The classes of the objects; nil for a set without them.
    public let instanceClasses: ClassList?
    /// Which label values stand for no class.
    public let ignored: String
    /// The official splits; empty where the user names them.
    public let splits: [String]
    /// The domains that every split can be seen in, as in `test@fog:0.8`; empty for a set that is what it is.
    public let domains: [String]
    /// The splits that a recipe takes unless it says otherwise.
    public let usual: UsualSplits
    /// The crop that training takes unless the recipe says otherwise; nil for the scenes' own size.
    public let crop: Size?
    /// Whether all images have one size, so that they fit into a batch uncropped.
    public let hasOneSize: Bool
    public let license: String
    /// Where the files come from.
    public let source: String
    /// The files below the root as they are expected, a line each.
    public let layout: String
    public let settings: Set<Setting>
    public var description: String { name }
    private let make: @Sendable (DatasetRequest) throws -> any Dataset

    /// - Parameter settings: those besides `root`, and besides `instances` where there are instance classes.
    init(
        _ name: String, _ title: String, _ summary: String, classes: ClassList?, instanceClasses: ClassList? = nil,
        ignored: String = "255", splits: [String] = ["train", "val", "test"], domains: [String] = [], usual: UsualSplits = .init(),
        crop: Size?,
        hasOneSize: Bool = false, license: String, source: String, layout: String, settings: Set<Setting> = [],
        isFiles: Bool = true, make: @escaping @Sendable (DatasetRequest) throws -> any Dataset
    ) {
        self.name = name
        self.title = title
        self.summary = summary
        self.classes = classes
        self.instanceClasses = instanceClasses
        self.ignored = ignored
        self.splits = splits
        self.domains = domains
        self.usual = usual
        self.crop = crop
        self.hasOneSize = hasOneSize
        self.license = license
        self.source = source
        self.layout = layout
        self.settings = settings.union(isFiles ? [.root] : []).union(instanceClasses == nil ? [] : [.instances])
        self.make = make
    }

    /// One split of the set.
    /// - Throws: `UserError` when there is no such split, or when the files do not lie as the layout says; it then says the
    ///   layout and where to get the set.
    public func open(_ name: String, _ options: DatasetOptions = .init()) throws -> any Dataset {
        var (split, options) = (name, options)
        if !domains.isEmpty, let at = name.firstIndex(of: "@") {
            split = String(name[..<at])
            options.domain = try .init(parsing: String(name[name.index(after: at)...]), severity: options.severity)
        }
        guard splits.isEmpty || splits.contains(split) else {
            let nearest = nearestName(to: split, in: splits).map { "Did you mean '\($0)'? " } ?? ""
            throw UserError("'\(self.name)' has no split '\(split)'", hint: nearest + "Its splits: \(splits.joined(separator: ", ")).")
        }
        return try make(DatasetRequest(kind: self, split: split, options: options))
    }
}

/// The splits that serve a purpose unless a recipe says otherwise.
public struct UsualSplits: Sendable, Equatable {
    public let train: [String]
    public let validation: [String]
    public let test: [String]

    public init(train: [String] = ["train"], validation: [String] = ["val"], test: [String] = ["test"]) {
        self.train = train
        self.validation = validation
        self.test = test
    }
}
