/// A data set as a recipe sees it: its name, its splits, and which keys have a meaning for it.
public struct DatasetSchema: Sendable, Equatable {
    public let name: String
    /// The official splits; empty where the user names them.
    public let splits: [String]
    /// The domains that each of its splits can be seen in, as in `test@fog:0.8`; empty for most sets.
    public let domains: [String]
    /// The splits for each purpose unless the recipe says otherwise.
    public let train: NameList
    public let validation: NameList
    public let test: NameList
    /// The default crop; nil for the size of the scenes.
    public let crop: PixelSize?
    /// Whether all images have one size.
    public let hasOneSize: Bool
    /// Nil where the user says the classes.
    public let classCount: Int?
    /// The class lists that its classes can be mapped onto, with their numbers of classes.
    public let classMaps: [String: Int]
    /// The keys of `data` that belong to some data sets only and have a meaning for this one.
    public let keys: Set<String>

    public init(
        _ name: String, splits: [String] = ["train", "val", "test"], domains: [String] = [], train: NameList = ["train"],
        validation: NameList = ["val"],
        test: NameList = ["test"], crop: PixelSize?, hasOneSize: Bool = false, classCount: Int?, classMaps: [String: Int] = [:],
        keys: Set<String>
    ) {
        self.name = name
        self.splits = splits
        self.domains = domains
        self.train = train
        self.validation = validation
        self.test = test
        self.crop = crop
        self.hasOneSize = hasOneSize
        self.classCount = classCount
        self.classMaps = classMaps
        self.keys = keys
    }

    /// Before a recipe names one.
    static let none = DatasetSchema("", splits: [], crop: nil, classCount: nil, keys: [])

    /// Whether it is read from files below `data.root`.
    public var isFiles: Bool { keys.contains("root") }
}
