extension SeededRandom {
    /// The elements in random order (Fisher–Yates). Unlike the standard library's, the order is the same with every version of Swift.
    public mutating func shuffled<Element>(_ elements: some Sequence<Element>) -> [Element] {
        var elements = Array(elements)
        for last in stride(from: elements.count - 1, to: 0, by: -1) { elements.swapAt(last, below(last + 1)) }
        return elements
    }
}
