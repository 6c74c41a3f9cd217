import Support
import Vision

extension Augmentation {
    /// What is to be done with one image.
    public struct Plan: Sendable, Equatable {
        /// The size of the whole image after resize and scale.
        public var scaled: Size
        /// The upper left corner of the window within it.
        public var x: Int
        public var y: Int
        /// The size of the result, padding included.
        public var output: Size
        /// Whether left and right are exchanged.
        public var flipped: Bool
        /// Whether top and bottom are exchanged.
        public var flippedVertically = false
        /// Whether rows and columns are exchanged, after the flips.
        public var transposed = false
        /// Where the result's pixels come from when they are sheared, moved or turned, after all that.
        public var warp: AffineMap?
        public var view: View
        /// The strong views, where there are any.
        public var strong: [View] = []

        /// The size of the window before rows and columns are exchanged.
        var window: Size { transposed ? output.transposed : output }
    }

    /// Which sample a draw is for. All of a plan follows from it.
    struct Draw {
        /// What the numbers are for; the first set of them is older and has no key of its own.
        enum Purpose: Int {
            case resize = 1
            case crop, turn, photometric, strong, strongJitter, mixing
        }

        let seed: Int
        let epoch: Int
        let index: Int
        /// Whether this is the sample that is mixed into the one of that index.
        var isPartner = false

        /// Scale, crop, flip and jitter of colours.
        var base: SeededRandom { isPartner ? SeededRandom(seed, epoch, index, 100) : SeededRandom(seed, epoch, index) }

        subscript(purpose: Purpose) -> SeededRandom { self[purpose, 0] }

        /// - Parameter view: which of the strong views, from 0.
        subscript(purpose: Purpose, view: Int) -> SeededRandom {
            SeededRandom(seed, epoch, index, purpose.rawValue + 10 * view + (isPartner ? 100 : 0))
        }
    }

    /// Draws what is to be done with an image of `size`, without looking at its labels: ``categoryLimit`` is left aside.
    public func plan(for size: Size, seed: Int, epoch: Int, index: Int) -> Plan {
        plan(for: size, Draw(seed: seed, epoch: epoch, index: index))
    }

    func plan(for size: Size, _ draw: Draw) -> Plan {
        var random = draw.base
        var (resizing, turning) = (draw[.resize], draw[.turn])
        let base = resize.map { $0(size, &resizing) } ?? size
        let factor = scales.isEmpty ? scale.map { random.uniform($0) } ?? 1 : scales[resizing.below(scales.count)]
        let scaled = base.scaled(by: factor)
        let upsideDown = flipVertical > 0 && turning.unit() < flipVertical
        let quarters = quarterTurns ? turning.below(4) : 0
        let isOdd = quarters % 2 == 1
        let window = crop.map { isOdd ? $0.transposed : $0 } ?? scaled
        let x = random.below(max(0, scaled.width - window.width) + 1)
        let y = random.below(max(0, scaled.height - window.height) + 1)
        let flipped = flip > 0 && random.unit() < flip
        var plan = Plan(
            scaled: scaled, x: x, y: y, output: isOdd ? window.transposed : window, flipped: flipped != (quarters >= 2),
            flippedVertically: upsideDown != (quarters == 1 || quarters == 2), transposed: isOdd, view: View())
        var others = draw[.photometric]
        (plan.view, plan.warp) = photometric.draw(plan.output, jitter: &random, &others)
        if let strong {
            plan.strong = (0..<strongViews).map { view in
                var (jitter, others) = (draw[.strongJitter, view], draw[.strong, view])
                return strong.draw(plan.output, jitter: &jitter, &others).view
            }
        }
        return plan
    }

    /// Draws what is to be done with a sample; its labels are read when there is a ``categoryLimit``.
    func plan(for sample: any SampleReader, _ draw: Draw) throws -> Plan {
        var plan = plan(for: sample.size, draw)
        let fitting = Size(width: min(plan.scaled.width, plan.window.width), height: min(plan.scaled.height, plan.window.height))
        guard categoryLimit < 1, fitting != plan.scaled, let labels = try sample.labels() else { return plan }
        var random = draw[.crop]
        for _ in 0..<10 where !keepsToLimit(labels, plan) {
            plan.x = random.below(plan.scaled.width - fitting.width + 1)
            plan.y = random.below(plan.scaled.height - fitting.height + 1)
        }
        return plan
    }

    /// Whether the window holds two classes and none of them has more than its share of the labelled pixels.
    private func keepsToLimit(_ labels: LabelMap, _ plan: Plan) -> Bool {
        let window = Window(plan)
        let columns = ResampleAxis(from: labels.width, to: plan.scaled.width, range: window.columns, .nearest).first
        let rows = ResampleAxis(from: labels.height, to: plan.scaled.height, range: window.rows, .nearest).first
        var counts = [Int](repeating: 0, count: 256)
        labels.values.withUnsafeBufferPointer { values in
            counts.withUnsafeMutableBufferPointer { counts in
                for row in rows {
                    let line = values.baseAddress! + Int(row) * labels.width
                    for column in columns { counts[Int(line[Int(column)])] &+= 1 }
                }
            }
        }
        let present = counts[..<Int(ClassList.ignore)].filter { $0 > 0 }
        return present.count > 1 && Double(present.max()!) < categoryLimit * Double(present.reduce(0, +))
    }
}
