import Support

/// Counts what the metrics need on one image after the other, in memory that it keeps. One for each thread.
public struct SemanticCounter {
    public let classes: Int
    public let metrics: SemanticMetrics
    private var histogram: PairHistogram
    private var connectivity: ConnectivityCounter?
    private var trueContours: ContourPixels
    private var predictedContours: ContourPixels
    private var matcher: ContourMatcher?
    private var masked: [UInt8] = []
    private var agreement: [UInt8] = []
    private var zones: [UInt8] = []

    public init(classes: Int, _ metrics: SemanticMetrics) {
        precondition((1...254).contains(classes), "1 to 254 classes")
        self.classes = classes
        self.metrics = metrics
        histogram = PairHistogram(classes: classes, zones: 1 << ((metrics.boundary == nil ? 0 : 2) + metrics.trimap.count))
        connectivity = metrics.connectivity ? ConnectivityCounter(classes: classes) : nil
        trueContours = ContourPixels(classes: classes)
        predictedContours = trueContours
    }

    /// Counts one image. A predicted value beyond the classes counts as no class, wherever the truth is labelled.
    /// - Parameters:
    ///   - prediction: height × width class indices.
    ///   - truth: height × width class indices, 255 = ignore.
    /// - Throws: `UserError` for a true label beyond the classes, without naming the image.
    public mutating func count(
        prediction: UnsafePointer<UInt8>, truth: UnsafePointer<UInt8>, width: Int, height: Int
    ) throws -> SemanticTally {
        let pixels = width * height
        var borders: (truth: LabelBorders, prediction: LabelBorders)?
        if metrics.needsBorders || metrics.connectivity {
            mask(prediction, truth, pixels)
            borders = (LabelBorders(truth, width: width, height: height), LabelBorders(masked, width: width, height: height))
        }
        histogram.reset()
        if metrics.needsBorders, let borders {
            markZones(borders.truth, borders.prediction)
            histogram.add(prediction: prediction, truth: truth, zone: zones, count: pixels)
        } else {
            histogram.add(prediction: prediction, truth: truth, zone: nil, count: pixels)
        }
        var tally = try sums()
        guard let borders else { return tally }
        if let boundary = metrics.boundary {
            let radius = boundary.tolerance.pixels(width: width, height: height, .up)
            predictedContours.read(masked, borders.prediction)
            trueContours.read(truth, borders.truth)
            tally.boundaryF1 = contourScores(present: tally.pixels, width: width, height: height, radius: radius)
        }
        tally.connectivity = connectivity?.count(
            truth: truth, borders.truth, prediction: masked, borders.prediction, agreement: agreement)
        return tally
    }

    /// Ignored pixels belong to no class, in the prediction as in the truth.
    private mutating func mask(_ prediction: UnsafePointer<UInt8>, _ truth: UnsafePointer<UInt8>, _ pixels: Int) {
        if masked.count != pixels {
            masked = .init(repeating: 0, count: pixels)
            agreement = metrics.connectivity ? masked : []
            zones = metrics.needsBorders ? masked : []
        }
        masked.withUnsafeMutableBufferPointer { masked in
            for index in 0..<pixels { masked[index] = truth[index] == 255 ? 255 : prediction[index] }
        }
        guard metrics.connectivity else { return }
        agreement.withUnsafeMutableBufferPointer { agreement in
            for index in 0..<pixels { agreement[index] = truth[index] == prediction[index] ? truth[index] : 255 }
        }
    }

    // MARK: Bands

    /// The bit of the first trimap in a zone's number; below it are the bands of truth and prediction for boundary IoU.
    private var trimapBit: Int { metrics.boundary == nil ? 0 : 2 }

    private mutating func markZones(_ truth: LabelBorders, _ prediction: LabelBorders) {
        let (width, height) = (truth.steps.width, truth.steps.height)
        var planes: [BitPlane] = []
        if let boundary = metrics.boundary {
            let radius = boundary.width.pixels(width: width, height: height, .toNearestOrEven)
            planes = [truth.band(radius: radius, framed: true), prediction.band(radius: radius, framed: true)]
        }
        planes += metrics.trimap.map { truth.band(radius: $0, framed: false) }
        for index in zones.indices { zones[index] = 0 }
        for (bit, plane) in planes.enumerated() { mark(plane, UInt64(bit)) }
    }

    /// Sets a bit in the zones of the plane's pixels.
    private mutating func mark(_ plane: BitPlane, _ bit: UInt64) {
        zones.withUnsafeMutableBytes { zones in
            plane.words.withUnsafeBufferPointer { words in
                for y in 0..<plane.height {
                    for index in 0..<plane.stride where words[y * plane.stride + index] != 0 {
                        let word = words[y * plane.stride + index]
                        let start = y * plane.width + 64 * index
                        let count = min(64, plane.width - 64 * index)
                        var byte = 0
                        while byte + 8 <= count {
                            let zone = zones.loadUnaligned(fromByteOffset: start + byte, as: UInt64.self)
                            zones.storeBytes(
                                of: zone | spread(word >> UInt64(byte) & 0xFF) << bit, toByteOffset: start + byte, as: UInt64.self)
                            byte += 8
                        }
                        while byte < count {
                            zones[start + byte] |= UInt8(word >> UInt64(byte) & 1) << UInt8(bit)
                            byte += 1
                        }
                    }
                }
            }
        }
    }

    // MARK: Contours

    /// Two masks without a contour agree, one without finds nothing of the other's.
    private mutating func contourScores(present: ClassTally, width: Int, height: Int, radius: Int) -> ContourTally {
        if matcher?.fits(width: width, height: height, radius: radius) != true {
            matcher = ContourMatcher(width: width, height: height, radius: radius)
        }
        var tally = ContourTally(classes: classes)
        for index in 0..<classes where present.truth[index] + present.predicted[index] > 0 {
            tally.images[index] = 1
            let (real, guessed) = (trueContours.points[index], predictedContours.points[index])
            if real.isEmpty || guessed.isEmpty {
                tally.sum[index] = real.isEmpty && guessed.isEmpty ? 1 : 0
                continue
            }
            let precision = Double(matcher!.matches(guessed, near: real)) / Double(guessed.count)
            let recall = Double(matcher!.matches(real, near: guessed)) / Double(real.count)
            if precision + recall > 0 { tally.sum[index] = 2 * precision * recall / (precision + recall) }
        }
        return tally
    }

    // MARK: Sums

    private func sums() throws -> SemanticTally {
        var tally = SemanticTally(classes: classes, metrics)
        for column in 0...classes where histogram.sum(classes + 1, column) > 0 {
            throw UserError("the truth has labels beyond the \(classes) classes")
        }
        for row in 0..<classes {
            for column in 0..<classes { tally.confusion[row][column] = histogram.sum(row, column) }
            tally.outside[row] = histogram.sum(row, classes)
        }
        if metrics.boundary != nil {
            tally.boundary = sums(truth: { $0 & 1 == 1 }, prediction: { $0 & 2 == 2 })
        }
        for index in tally.trimap.indices {
            let bit = 1 << (trimapBit + index)
            tally.trimap[index] = sums(truth: { $0 & bit != 0 }, prediction: { $0 & bit != 0 })
        }
        return tally
    }

    /// The tally in the zones of a band of the truth and a band of the prediction.
    private func sums(truth: (Int) -> Bool, prediction: (Int) -> Bool) -> ClassTally {
        var tally = ClassTally(classes: classes)
        for label in 0..<classes {
            tally.intersection[label] = histogram.sum(label, label) { truth($0) && prediction($0) }
            for other in 0...classes { tally.truth[label] += histogram.sum(label, other, where: truth) }
            for other in 0..<classes { tally.predicted[label] += histogram.sum(other, label, where: prediction) }
        }
        return tally
    }
}

/// Eight bits as the lowest bits of eight bytes.
@inline(__always)
private func spread(_ bits: UInt64) -> UInt64 {
    // Copies of the byte, of which byte i keeps bit i; adding 0x7F carries what is left of it into the highest bit.
    let kept = (bits &* 0x0101_0101_0101_0101) & 0x8040_2010_0804_0201
    return ((kept &+ 0x7F7F_7F7F_7F7F_7F7F) >> 7) & 0x0101_0101_0101_0101
}
