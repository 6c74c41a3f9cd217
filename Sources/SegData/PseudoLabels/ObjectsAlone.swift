import Foundation
import Vision

/// A data set's images and objects, without classes of pixels: what pseudo-labels say, and no more.
public struct ObjectsAlone: Dataset {
    private let base: any Dataset

    public init(_ base: any Dataset) { self.base = base }

    public var classes: ClassList { ClassList([]) }
    public var instanceClasses: ClassList? { base.instanceClasses }
    public var count: Int { base.count }
    public var leftOut: [LeftOut] { base.leftOut }
    public func name(_ index: Int) -> String { base.name(index) }
    public func files(_ index: Int) -> [URL] { base.files(index) }
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }
    public func open(_ index: Int) throws -> any SampleReader { ObjectsAloneSample(base: try base.open(index)) }
}

private struct ObjectsAloneSample: SampleAdapter {
    let base: any SampleReader

    func labels(rows: Range<Int>) -> Part<LabelMap>? { nil }
}
