/// Where a value of a recipe was written.
public enum Location: Sendable, Equatable {
    /// Line and column count from 1.
    case file(line: Int, column: Int)
    /// An override, as the user typed it.
    case commandLine(String)

    func description(file: String) -> String {
        switch self {
        case .file(let line, let column): "\(file):\(line):\(column)"
        case .commandLine(let argument): "command line, '\(argument)'"
        }
    }

    /// Problems are printed in the file's order, those of the command line last.
    var order: (Int, Int) {
        switch self {
        case .file(let line, let column): (line, column)
        case .commandLine: (.max, 0)
        }
    }
}
