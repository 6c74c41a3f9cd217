import Foundation
import Support
import Vision

/// Translates the labels of one class list into another, so that a model of one domain can be tested in another.
public struct ClassMap: Sendable, Equatable {
    public let source: ClassList
    public let target: ClassList
    /// For each class of the source its class in the target, or 255 for none.
    public let indices: [UInt8]

    /// - Throws: `UserError` when there is not one valid target for every source class.
    public init(from source: ClassList, to target: ClassList, _ indices: [UInt8]) throws {
        guard indices.count == source.count else {
            throw UserError("a class map needs \(source.count) entries, one for each class of the data set, found \(indices.count)")
        }
        if let wrong = indices.first(where: { $0 != ClassList.ignore && Int($0) >= target.count }) {
            throw UserError(
                "a class map names class \(wrong), but the target has the classes 0 to \(target.count - 1)",
                hint: "Use 255 for classes that have no counterpart.")
        }
        self.init(checked: source, target, indices)
    }

    init(checked source: ClassList, _ target: ClassList, _ indices: [UInt8]) {
        self.source = source
        self.target = target
        self.indices = indices
    }

    /// The labels in the target's classes.
    public func callAsFunction(_ labels: LabelMap) -> LabelMap {
        let table = indices + [UInt8](repeating: ClassList.ignore, count: 256 - indices.count)
        return LabelMap(width: labels.width, height: labels.height, values: labels.values.map { table[Int($0)] })
    }
}

/// A data set whose labels are translated as they are read.
public struct MappedDataset: Dataset {
    public let base: any Dataset
    public let map: ClassMap

    /// - Throws: `UserError` when the map is for other classes than the data set's.
    public init(_ base: any Dataset, _ map: ClassMap) throws {
        guard base.classes.names == map.source.names else {
            throw UserError(
                "the class map is for the classes \(map.source.names.joined(separator: ", ")); "
                    + "the data set has \(base.classes.names.joined(separator: ", "))")
        }
        self.base = base
        self.map = map
    }

    public var classes: ClassList { map.target }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var leftOut: [LeftOut] { base.leftOut }
    public var count: Int { base.count }
    public func name(_ index: Int) -> String { base.name(index) }
    public func files(_ index: Int) -> [URL] { base.files(index) }

    public func sample(_ index: Int) throws -> Sample {
        let sample = try base.sample(index)
        return Sample(name: sample.name, image: sample.image, labels: sample.labels.map { map($0) }, instances: sample.instances)
    }

    public func open(_ index: Int) throws -> any SampleReader { try MappedSample(base: base.open(index), map: map) }
}

private struct MappedSample: SampleAdapter {
    let base: any SampleReader
    let map: ClassMap

    func labels(rows: Range<Int>) throws -> Part<LabelMap>? {
        try base.labels(rows: rows).map { Part(map($0.content), x: $0.x, y: $0.y) }
    }
}
