import Foundation
import SegData

/// Several data sets of the same classes, one after the other.
struct JoinedDataset: Dataset {
    private let parts: [any Dataset]
    /// The index of each part's first sample.
    private let starts: [Int]
    let count: Int

    /// - Precondition: at least one part; all have the same classes.
    init(_ parts: [any Dataset]) {
        precondition(!parts.isEmpty)
        precondition(parts.allSatisfy { $0.classes == parts[0].classes && $0.instanceClasses == parts[0].instanceClasses })
        self.parts = parts
        var starts: [Int] = []
        var total = 0
        for part in parts {
            starts.append(total)
            total += part.count
        }
        self.starts = starts
        count = total
    }

    var classes: ClassList { parts[0].classes }
    var instanceClasses: ClassList? { parts[0].instanceClasses }
    var leftOut: [LeftOut] { parts.flatMap(\.leftOut) }

    func name(_ index: Int) -> String {
        let (part, local) = locate(index)
        return part.name(local)
    }

    func files(_ index: Int) -> [URL] {
        let (part, local) = locate(index)
        return part.files(local)
    }

    func sample(_ index: Int) throws -> Sample {
        let (part, local) = locate(index)
        return try part.sample(local)
    }

    func open(_ index: Int) throws -> any SampleReader {
        let (part, local) = locate(index)
        return try part.open(local)
    }

    private func locate(_ index: Int) -> (any Dataset, Int) {
        let part = starts.lastIndex { $0 <= index }!
        return (parts[part], index - starts[part])
    }
}
