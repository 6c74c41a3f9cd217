import Foundation

/// Adds up the tallies of images that several threads finish in any order. The sums do not depend on that order.
public final class SemanticTotal: @unchecked Sendable {
    private let lock = NSLock()
    private let metrics: SemanticMetrics
    private var sum: SemanticTally
    private var contours: [ContourTally?]
    private var images: [ImageTally?]
    private var sizes: Set<[Int]> = []
    private var done = 0

    /// - Parameter count: images.
    public init(classes: Int, _ metrics: SemanticMetrics, count: Int) {
        self.metrics = metrics
        sum = SemanticTally(classes: classes, metrics)
        contours = .init(repeating: nil, count: count)
        images = .init(repeating: nil, count: count)
    }

    /// - Parameters:
    ///   - index: the image's place in the data set.
    ///   - progress: called with the number of images done, one call at a time.
    public func add(_ tally: SemanticTally, image: String, at index: Int, width: Int, height: Int, progress: ((Int) -> Void)? = nil) {
        var rest = tally
        rest.boundaryF1 = nil
        let image = ImageTally(image: image, tally)
        lock.withLock {
            sum += rest
            contours[index] = tally.boundaryF1
            images[index] = image
            sizes.insert([width, height])
            done += 1
            progress?(done)
        }
    }

    /// What was added, in the images' order.
    public func read() -> (tally: SemanticTally, images: [ImageTally], scores: SemanticScores) {
        lock.withLock {
            var tally = sum
            // Fractions: their sum depends on the order in the last bits.
            for contours in contours.compactMap(\.self) { tally.boundaryF1? += contours }
            let size = sizes.count == 1 ? sizes.first.map { (width: $0[0], height: $0[1]) } : nil
            return (tally, images.compactMap(\.self), SemanticScores(tally, metrics, size: size))
        }
    }
}
