/// The constants of COCO's evaluation (`cocoeval.py`), as NumPy's `linspace` rounds them.
enum COCOProtocol {
    static let thresholds = evenlySpaced(from: 0.5, to: 0.95, count: 10)
    static let recalls = evenlySpaced(from: 0, to: 1, count: 101)
    /// Smallest and largest area: all, small, medium, large.
    static let areas: [(Double, Double)] = [(0, 1e10), (0, 1024), (1024, 9216), (9216, 1e10)]
    static let detections = [1, 10, 100]
    static let mostDetections = 100
    /// Added to sums that precision is divided by: the distance from 1 to the next number.
    static let spacing = 0x1p-52

    /// 0.5, 0.55, …: the index of 0.5 and that of 0.75.
    static let half = 0
    static let threeQuarters = 5

    private static func evenlySpaced(from first: Double, to last: Double, count: Int) -> [Double] {
        let step = (last - first) / Double(count - 1)
        return (0..<count - 1).map { Double($0) * step + first } + [last]
    }
}
