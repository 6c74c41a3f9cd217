/// Height and width in pixels, in this order: `[360, 480]`.
public struct PixelSize: Sendable, Equatable {
    public var height: Int
    public var width: Int

    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }
}

extension PixelSize: RecipeValue {
    static var expected: String { "[height, width] in pixels, such as [360, 480]," }
    static var expectedItems: String { "sizes" }
    var yaml: String { "[\(height), \(width)]" }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> PixelSize? {
        read(node, &reader) { node in
            guard case .list(let items) = node.content else { return nil }
            let sides = items.compactMap { $0.plain.flatMap { Int($0) } }.filter { $0 > 0 }
            return items.count == 2 && sides.count == 2 ? PixelSize(height: sides[0], width: sides[1]) : nil
        }
    }
}

extension ClosedRange: RecipeValue where Bound == Double {
    static var expected: String { "[low, high] with 0 < low <= high, such as [0.5, 2.0]," }
    static var expectedItems: String { "ranges" }
    var yaml: String { "[\(lowerBound), \(upperBound)]" }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> ClosedRange<Double>? {
        read(node, &reader) { node in
            guard case .list(let items) = node.content else { return nil }
            let ends = items.compactMap { $0.plain.flatMap { Double($0) } }
            guard items.count == 2, ends.count == 2, ends[0] > 0, ends[0] <= ends[1], ends[1].isFinite else { return nil }
            return ends[0]...ends[1]
        }
    }
}

/// A list of names; a recipe may write one name without brackets.
public struct NameList: Sendable, Equatable, ExpressibleByArrayLiteral {
    public var names: [String]

    public init(_ names: [String]) { self.names = names }
    public init(arrayLiteral names: String...) { self.names = names }
}

extension NameList: RecipeValue {
    static var expected: String { "a name or a list of names" }
    static var expectedItems: String { "names" }
    var yaml: String { names.count == 1 ? names[0].yaml : names.yaml }
    static func read(_ node: RecipeNode, _ reader: inout RecipeReader) -> NameList? {
        read(node, &reader) { node in
            if let name = node.text { return [name] }
            guard case .list(let items) = node.content, !items.isEmpty else { return nil }
            let names = items.compactMap(\.text)
            return names.count == items.count ? NameList(names) : nil
        }
    }
}
