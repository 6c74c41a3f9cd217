extension ClassList {
    /// Classes from lines of text: a name and its colour as three numbers.
    /// - Precondition: every line ends in three numbers from 0 to 255.
    init(table: String) {
        self.init(
            table.split(separator: "\n").map { line in
                let words = line.split(separator: " ")
                let color = words.suffix(3).compactMap { UInt8($0) }
                precondition(words.count > 3 && color.count == 3, "a class needs a name and a colour: \(line)")
                return Entry(words.dropLast(3).joined(separator: " "), color)
            })
    }

    /// The classes of those names, in the order of this list.
    func only(_ names: [String]) -> ClassList { ClassList(entries.filter { names.contains($0.name) }) }
}
