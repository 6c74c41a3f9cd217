import Foundation
import Support

/// A label file holds values that stand for no class.
public struct LabelValueError: UserFacingError, Equatable {
    public let file: String
    public let classes: ClassList
    /// How many pixels have each of the 256 values in the file.
    public let histogram: [Int]
    /// The values that stand for nothing.
    public let unknown: [Int]

    /// - Parameter isKnown: whether a value other than 255 stands for a class or for none.
    init(file: String, classes: ClassList, histogram: [Int], isKnown: (Int) -> Bool) {
        self.file = file
        self.classes = classes
        self.histogram = histogram
        let beyond = (0..<Int(ClassList.ignore)).filter { histogram[$0] > 0 && !isKnown($0) }
        unknown = beyond.isEmpty ? [Int(ClassList.ignore)] : beyond
    }

    public var exitCode: ExitCode { .badInput }

    public var description: String {
        let shown = unknown.prefix(8).map(String.init).joined(separator: ", ") + (unknown.count > 8 ? ", …" : "")
        let names = classes.names.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", …" : "")
        return "\(file): expected labels of \(classes.count) classes (\(names)), found \(shown)\n  \(hint)"
    }

    private var hint: String {
        if unknown == [Int(ClassList.ignore)] {
            return "This set's files have no 255: they seem to have been moved down by one already. Take the files as they were shipped."
        }
        let (these, them) = unknown.count == 1 ? ("this value means", "it") : ("these values mean", "them")
        return "If \(these) \"no class\", list \(them) under `ignore`; otherwise complete the class list. "
            + "Labels that start at 1 must be moved down by one."
    }
}
