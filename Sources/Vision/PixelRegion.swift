/// A rectangle of whole pixels of a picture.
public struct PixelRegion: Sendable, Hashable {
    public var columns: Range<Int>
    public var rows: Range<Int>

    public init(columns: Range<Int>, rows: Range<Int>) {
        self.columns = columns
        self.rows = rows
    }

    public var width: Int { columns.count }
    public var height: Int { rows.count }
}

/// Some of a picture's rows and columns, and where they lie in the whole.
public struct Part<Content: Sendable>: Sendable {
    public let content: Content
    /// The whole picture's column and row that the content begins with.
    public let x: Int
    public let y: Int

    public init(_ content: Content, x: Int = 0, y: Int = 0) {
        self.content = content
        self.x = x
        self.y = y
    }
}
