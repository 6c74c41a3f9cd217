import Foundation
import Support
import Vision

/// A sample in files: the image's header is read at once, everything else when it is asked for.
final class FileSample: SampleReader {
    let name: String
    let size: Size
    private let image: EncodedImage
    private let readLabels: () throws -> LabelMap?
    private let readInstances: (_ labels: () throws -> LabelMap?) throws -> [Instance]?
    private var knownLabels: LabelMap??

    /// - Parameters:
    ///   - labels: reads them; they have the image's size.
    ///   - instances: reads them, with the labels where it asks for them.
    init(
        _ name: String, _ image: EncodedImage, labels: @escaping () throws -> LabelMap?,
        instances: @escaping (_ labels: () throws -> LabelMap?) throws -> [Instance]?
    ) {
        self.name = name
        self.image = image
        size = Size(width: image.width, height: image.height)
        readLabels = labels
        readInstances = instances
    }

    var encoded: EncodedImage? { image }
    func divisor(forAtLeast size: Size) -> Int { image.divisor(forAtLeast: size.width, size.height) }

    func image(_ region: PixelRegion, divisor: Int) throws -> Part<Image> { try image.decode(region, divisor: divisor) }

    func labels(rows: Range<Int>) throws -> Part<LabelMap>? {
        let labels = try knownLabels ?? readLabels()
        knownLabels = .some(labels)
        return labels.map { Part($0) }
    }

    func instances() throws -> [Instance]? { try readInstances { try self.labels(rows: 0..<self.size.height)?.content } }
}
