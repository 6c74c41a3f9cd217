/// The classes of a data set, in the order of their indices.
public struct ClassList: Sendable, Equatable, Codable {
    public struct Entry: Sendable, Equatable, Codable {
        public let name: String
        /// Red, green, blue: how pictures show the class.
        public let color: [UInt8]

        public init(_ name: String, _ color: [UInt8]) {
            self.name = name
            self.color = color
        }
    }

    /// The label value that is never trained on and never scored.
    public static let ignore: UInt8 = 255

    public let entries: [Entry]
    public var count: Int { entries.count }
    public var names: [String] { entries.map(\.name) }
    /// For messages: `road, sidewalk, building, … (19)`.
    public var excerpt: String { SegData.excerpt(names) + (count > 3 ? " (\(count))" : "") }

    public init(_ entries: [Entry]) {
        precondition(entries.count < 255, "a class list has at most 254 classes")
        self.entries = entries
    }
}
