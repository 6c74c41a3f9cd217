import Vision

/// A sample that is read piece by piece: its size before its pixels, its labels before its image, and of the image only the part
/// that is wanted. For one thread at a time.
public protocol SampleReader {
    var name: String { get }
    /// The image's size.
    var size: Size { get }
    /// The image's file, where it has one that holds just this image.
    var encoded: EncodedImage? { get }
    /// By how much smaller the image can be decoded (8, 4, 2 or 1) and still have at least a size.
    func divisor(forAtLeast size: Size) -> Int
    /// A part of the image that holds at least a region, in RGB; region and part are in pixels of the image at 1/divisor of its size.
    func image(_ region: PixelRegion, divisor: Int) throws -> Part<Image>
    /// At least these rows of the labels, whole; nil for an unlabelled image.
    func labels(rows: Range<Int>) throws -> Part<LabelMap>?
    /// The objects; nil where the data set has none.
    func instances() throws -> [Instance]?
}

extension SampleReader {
    public var encoded: EncodedImage? { nil }
    public func divisor(forAtLeast size: Size) -> Int { 1 }
    public func instances() throws -> [Instance]? { nil }

    /// All of the labels; nil for an unlabelled image.
    public func labels() throws -> LabelMap? { try labels(rows: 0..<size.height)?.content }

    /// All of the sample.
    public func whole() throws -> Sample {
        let region = PixelRegion(columns: 0..<size.width, rows: 0..<size.height)
        return try Sample(name: name, image: image(region, divisor: 1).content, labels: labels(), instances: instances())
    }
}

/// A sample that is read as another one is, but for what it says of its own.
protocol SampleAdapter: SampleReader {
    var base: any SampleReader { get }
}

extension SampleAdapter {
    var name: String { base.name }
    var size: Size { base.size }
    var encoded: EncodedImage? { base.encoded }
    func divisor(forAtLeast size: Size) -> Int { base.divisor(forAtLeast: size) }
    func image(_ region: PixelRegion, divisor: Int) throws -> Part<Image> { try base.image(region, divisor: divisor) }
    func labels(rows: Range<Int>) throws -> Part<LabelMap>? { try base.labels(rows: rows) }
    func instances() throws -> [Instance]? { try base.instances() }
}

/// A sample that is in memory already.
public struct WholeSample: SampleReader {
    private let sample: Sample

    public init(_ sample: Sample) {
        let image = sample.image.rgb
        self.sample = Sample(name: sample.name, image: image, labels: sample.labels, instances: sample.instances)
    }

    public var name: String { sample.name }
    public var size: Size { Size(width: sample.image.width, height: sample.image.height) }
    public func image(_ region: PixelRegion, divisor: Int) -> Part<Image> { Part(sample.image) }
    public func labels(rows: Range<Int>) -> Part<LabelMap>? { sample.labels.map { Part($0) } }
    public func instances() -> [Instance]? { sample.instances }
}
