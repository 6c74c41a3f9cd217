/// A label map as horizontal runs of one value, with the runs of each class joined into 8-connected components.
struct LabelRuns {
    struct Run {
        let start: Int32
        let end: Int32
        let label: UInt8
    }

    private(set) var runs: [Run] = []
    /// Where the runs of each row begin in `runs`; one more than there are rows.
    private(set) var rows: [Int32] = []
    /// Pairs of runs of one class that touch, by class: with the runs and the components they give the holes.
    private(set) var touching: [Int]
    private var parents: [Int32] = []
    private let classes: Int

    init(classes: Int) {
        self.classes = classes
        touching = .init(repeating: 0, count: classes)
    }

    /// - Parameter steps: bit (x, y) says that the labels at x and x + 1 differ.
    mutating func read(_ labels: UnsafePointer<UInt8>, steps: BitPlane) {
        runs.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        let width = steps.width
        for y in 0..<steps.height {
            rows.append(Int32(runs.count))
            let row = labels + y * width
            var start = 0
            for index in 0..<steps.stride {
                var word = steps.words[y * steps.stride + index]
                while word != 0 {
                    let end = 64 * index + word.trailingZeroBitCount
                    runs.append(Run(start: Int32(start), end: Int32(end), label: row[start]))
                    start = end + 1
                    word &= word - 1
                }
            }
            runs.append(Run(start: Int32(start), end: Int32(width - 1), label: row[start]))
        }
        rows.append(Int32(runs.count))
        join()
    }

    private mutating func join() {
        for index in touching.indices { touching[index] = 0 }
        parents.removeAll(keepingCapacity: true)
        parents.append(contentsOf: 0..<Int32(runs.count))
        let height = rows.count - 1
        guard height > 1 else { return }
        for y in 1..<height {
            var above = Int(rows[y - 1])
            let last = Int(rows[y])
            for index in last..<Int(rows[y + 1]) {
                let run = runs[index]
                while runs[above].end + 1 < run.start { above += 1 }
                var other = above
                while other < last, runs[other].start <= run.end + 1 {
                    if runs[other].label == run.label, Int(run.label) < classes {
                        touching[Int(run.label)] += 1
                        unite(Int32(index), Int32(other))
                    }
                    other += 1
                }
            }
        }
    }

    private mutating func unite(_ a: Int32, _ b: Int32) {
        let (first, second) = (root(a), root(b))
        if first != second { parents[Int(max(first, second))] = min(first, second) }
    }

    /// The component's first run.
    mutating func root(_ run: Int32) -> Int32 {
        var node = run
        while parents[Int(node)] != node {
            parents[Int(node)] = parents[Int(parents[Int(node)])]
            node = parents[Int(node)]
        }
        return node
    }

    /// By class: its components, and its holes, which are the 4-connected parts of its complement that do not reach the border.
    ///
    /// Runs and their contacts make a graph whose independent cycles are the holes: contacts − runs + components (Euler's formula).
    mutating func topology() -> (components: [Int], holes: [Int]) {
        var components = [Int](repeating: 0, count: classes)
        var holes = touching
        for index in runs.indices where Int(runs[index].label) < classes {
            let label = Int(runs[index].label)
            holes[label] -= 1
            if root(Int32(index)) == index { components[label] += 1 }
        }
        for label in 0..<classes { holes[label] += components[label] }
        return (components, holes)
    }
}
