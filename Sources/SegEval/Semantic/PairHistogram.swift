/// Counts pixels by (zone, true class, predicted class).
///
/// Label maps are made of runs, so eight pixels are looked at together and counted with one addition when they are alike. That also keeps
/// the additions from waiting for each other at one counter.
struct PairHistogram {
    let classes: Int
    let zones: Int
    /// By zone, row and column. Rows: the classes, ignored, beyond the class list; columns: the classes, no class.
    private(set) var counts: [Int64]
    private let rowOf: [Int]
    private let columnOf: [Int]

    init(classes: Int, zones: Int) {
        self.classes = classes
        self.zones = zones
        counts = .init(repeating: 0, count: zones * (classes + 2) * (classes + 1))
        let columns = classes + 1
        rowOf = (0..<256).map { ($0 < classes ? $0 : $0 == 255 ? classes : classes + 1) * columns }
        columnOf = (0..<256).map { min($0, classes) }
    }

    mutating func reset() { for index in counts.indices { counts[index] = 0 } }

    /// Pixels of the true class in `row` that were predicted as `column`, over the zones that `isIn` chooses.
    @inline(__always)
    func sum(_ row: Int, _ column: Int, where isIn: (Int) -> Bool = { _ in true }) -> Int64 {
        let (size, place) = ((classes + 2) * (classes + 1), row * (classes + 1) + column)
        var sum: Int64 = 0
        for zone in 0..<zones where isIn(zone) { sum += counts[zone * size + place] }
        return sum
    }

    /// Counts `count` pixels.
    /// - Parameter zone: a zone for every pixel; nil when all are in zone 0.
    mutating func add(prediction: UnsafePointer<UInt8>, truth: UnsafePointer<UInt8>, zone: UnsafePointer<UInt8>?, count: Int) {
        let size = (classes + 2) * (classes + 1)
        counts.withUnsafeMutableBufferPointer { counts in
            rowOf.withUnsafeBufferPointer { rowOf in
                columnOf.withUnsafeBufferPointer { columnOf in
                    @inline(__always)
                    func place(_ index: Int) -> Int {
                        rowOf[Int(truth[index])] &+ columnOf[Int(prediction[index])] &+ (zone.map { Int($0[index]) &* size } ?? 0)
                    }
                    let (left, right) = (UnsafeRawPointer(prediction), UnsafeRawPointer(truth))
                    let third = zone.map { UnsafeRawPointer($0) }
                    var index = 0
                    while index &+ 8 <= count {
                        if isUniform(left, index), isUniform(right, index), third.map({ isUniform($0, index) }) ?? true {
                            counts[place(index)] &+= 8
                        } else {
                            for pixel in index..<index &+ 8 { counts[place(pixel)] &+= 1 }
                        }
                        index &+= 8
                    }
                    while index < count {
                        counts[place(index)] &+= 1
                        index &+= 1
                    }
                }
            }
        }
    }
}

/// Whether eight bytes are the same: turned by one, they are unchanged.
@inline(__always)
private func isUniform(_ bytes: UnsafeRawPointer, _ offset: Int) -> Bool {
    let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    return word == (word >> 8 | word << 56)
}
