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

private struct ObjectsAloneSample: SampleReader {
    let base: any SampleReader

    var name: String { base.name }
    var size: Size { base.size }
    var encoded: EncodedImage? { base.encoded }
    func divisor(forAtLeast size: Size) -> Int { base.divisor(forAtLeast: size) }
    func image(_ region: PixelRegion, divisor: Int) throws -> Part<Image> { try base.image(region, divisor: divisor) }
    func labels(rows: Range<Int>) -> Part<LabelMap>? { nil }
    func instances() throws -> [Instance]? { try base.instances() }
}
