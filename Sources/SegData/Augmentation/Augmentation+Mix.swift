import Support
import Vision

/// A second sample of which some pixels, with their labels and objects, take the place of the first's. Colours are changed afterwards.
public struct Mixing: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A rectangle (Yun et al. 2019): its share of the image is uniform in 0...1, its centre anywhere.
        case cutMix
        /// Half of the classes that the second sample shows (Olsson et al. 2021), rounded down.
        case classMix
        /// Each of the second sample's objects with a probability of one half (Ghiasi et al. 2021), groups left out.
        case copyPaste
    }

    public var kind: Kind
    /// How often a sample is mixed.
    public var probability: Double

    public init(_ kind: Kind, probability: Double = 1) {
        self.kind = kind
        self.probability = probability
    }
}

extension Augmentation {
    /// The second sample of a mix, and what is done with it before.
    struct Partner {
        let sample: any SampleReader
        let plan: Plan
        /// Decides which of its pixels are taken.
        var random: SeededRandom
    }

    /// Which sample of `count` is mixed into this one, never itself; nil when this one stays as it is.
    public func partner(seed: Int, epoch: Int, index: Int, count: Int) -> Int? {
        guard let mixing, count > 1 else { return nil }
        var random = Draw(seed: seed, epoch: epoch, index: index)[.mixing]
        guard random.unit() < mixing.probability else { return nil }
        let other = random.below(count - 1)
        return other < index ? other : other + 1
    }

    /// The plan for the sample that is mixed into the one of `index`; it differs from the plan that the sample has by itself.
    func partner(_ sample: any SampleReader, seed: Int, epoch: Int, index: Int) throws -> Partner {
        let draw = Draw(seed: seed, epoch: epoch, index: index, isPartner: true)
        return Partner(sample: sample, plan: try plan(for: sample, draw), random: draw[.mixing])
    }

    /// Writes the partner's pixels, labels and objects over a crop.
    /// - Parameter instances: of the crop: what is covered goes. Nil when they are not wanted.
    func mix(
        _ partner: Partner, _ plan: Plan, shrinking: Bool, into target: AugmentationTarget, _ instances: inout [Instance]?,
        _ scratch: inout AugmentationScratch
    ) throws {
        guard let kind = mixing?.kind else { return }
        precondition(partner.plan.output == plan.output, "samples are mixed at one size")
        var random = partner.random
        let size = plan.output
        let pixels = size.width * size.height
        try scratch.withCrop(.partner, size) { crop, scratch in
            let hasLabels = try place(partner.sample, partner.plan, shrinking: shrinking, to: crop, &scratch)
            let isNeeded = kind == .copyPaste || instances != nil
            var pasted = isNeeded ? try partner.sample.instances()?.placed(partner.plan, partner.sample.size) ?? [] : []
            if kind == .copyPaste { pasted = pasted.filter { _ in random.unit() < 0.5 }.filter { !$0.isCrowd } }
            if kind == .classMix, !hasLabels {
                throw UserError("\(partner.sample.name): classMix needs labels, and this image has none", hint: "Use cutMix instead.")
            }
            let region = Self.region(kind, of: crop.labels, pasted, size, &random)
            region.values.withUnsafeBufferPointer { region in
                for pixel in 0..<pixels where region[pixel] != 0 {
                    target.labels[pixel] = crop.labels[pixel]
                    for channel in 3 &* pixel..<3 &* pixel &+ 3 { target.image[channel] = crop.image[channel] }
                }
            }
            guard let before = instances else { return }
            let mask = RunLengthMask(region, where: 1)
            let added = kind == .copyPaste ? pasted : pasted.compactMap { $0.with($0.mask.intersection(mask)) }
            instances = before.compactMap { $0.with($0.mask.subtracting(mask)) } + added
        }
    }

    /// 1 where the partner's pixels are taken, else 0.
    private static func region(
        _ kind: Mixing.Kind, of labels: UnsafePointer<UInt8>, _ pasted: [Instance], _ size: Size, _ random: inout SeededRandom
    ) -> LabelMap {
        var region = LabelMap(width: size.width, height: size.height)
        switch kind {
        case .cutMix:
            let box = rectangle(in: size, &random)
            for y in box.rows { for x in box.columns { region.values[y * size.width + x] = 1 } }
        case .classMix:
            var isPresent = [Bool](repeating: false, count: 256)
            for pixel in 0..<size.width * size.height { isPresent[Int(labels[pixel])] = true }
            let classes = (0..<Int(ClassList.ignore)).filter { isPresent[$0] }
            var isTaken = [UInt8](repeating: 0, count: 256)
            for chosen in random.shuffled(classes).prefix(classes.count / 2) { isTaken[chosen] = 1 }
            for pixel in 0..<size.width * size.height { region.values[pixel] = isTaken[Int(labels[pixel])] }
        case .copyPaste:
            for instance in pasted { instance.mask.paint(1, into: &region) }
        }
        return region
    }

    /// CutMix's rectangle: sides of √(1 − λ) times the image's, λ uniform in [0, 1), about a point anywhere, cut off at the image's edges.
    public static func rectangle(in size: Size, _ random: inout SeededRandom) -> PixelRegion {
        let side = (1 - random.unit()).squareRoot()
        func range(_ count: Int, _ random: inout SeededRandom) -> Range<Int> {
            let half = Int(Double(count) * side) / 2
            let center = random.below(count)
            return max(0, center - half)..<min(count, center + half)
        }
        return PixelRegion(columns: range(size.width, &random), rows: range(size.height, &random))
    }
}
