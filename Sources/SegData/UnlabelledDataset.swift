import Foundation
import Vision

/// A data set's images alone: its labels are neither read nor missed.
///
/// Every pixel of an image counts as class 0, so that what is no part of it (a crop's padding, which is 255) can still be told apart.
public struct UnlabelledDataset: Dataset {
    private let base: any Dataset

    public init(_ base: any Dataset) { self.base = base }

    /// A set that has no classes gets one.
    public var classes: ClassList { base.classes.count > 0 ? base.classes : ClassList(names: ["image"]) }
    public var count: Int { base.count }
    public var leftOut: [LeftOut] { base.leftOut }
    public func name(_ index: Int) -> String { base.name(index) }
    public func files(_ index: Int) -> [URL] { base.files(index) }
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }
    public func open(_ index: Int) throws -> any SampleReader { try UnlabelledSample(base: base.open(index)) }
}

private struct UnlabelledSample: SampleAdapter {
    let base: any SampleReader

    func labels(rows: Range<Int>) -> Part<LabelMap>? { Part(LabelMap(width: size.width, height: rows.count), y: rows.lowerBound) }
    func instances() -> [Instance]? { nil }
}
