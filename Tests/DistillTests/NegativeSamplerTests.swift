import Distill
import SegTesting
import Testing
import Torch

/// What is drawn, how often, and that tiles change nothing.
@Suite struct NegativeSamplerTests {
    private static let posteriors = (formula("posterior", [24, 5]) * 3.0).softmax(1).normalized(1)

    private func sampler(_ candidates: NegativeSampler.Candidates, counted: Tensor? = nil) -> NegativeSampler {
        NegativeSampler(images: 3, positions: 8, posteriors: Self.posteriors, candidates: candidates, counted: counted)
    }

    /// Every second position or so.
    private var counted: Tensor { formula("counted", [24]) .> -0.2 }

    /// An anchor's weights in `draws` equal rows.
    private func rows(_ candidates: NegativeSampler.Candidates, counted: Tensor?, draws: Int) -> Tensor {
        let weights = sampler(candidates, counted: counted).weights(8..<16, of: 1, like: Self.posteriors)
        return weights[2].unsqueeze(0).expand([draws, weights.size(1)]).contiguous()
    }

    /// Pearson's statistic, and how many values could have occurred. What has no probability must not occur.
    private func statistic(_ counts: [Int], _ probabilities: [Double]) -> (value: Double, values: Int) {
        let draws = Double(counts.reduce(0, +))
        var (value, values) = (0.0, 0)
        for (count, probability) in zip(counts, probabilities) {
            guard probability > 0 else {
                #expect(count == 0)
                continue
            }
            value += (Double(count) - draws * probability) * (Double(count) - draws * probability) / (draws * probability)
            values += 1
        }
        return (value, values)
    }

    /// The mean of a χ² distribution is its degrees of freedom k, its variance 2k; five deviations.
    private func isLikely(_ found: (value: Double, values: Int)) -> Bool {
        let freedom = Double(found.values - 1)
        return freedom > 0 && found.value < freedom + 5 * (2 * freedom).squareRoot()
    }

    @Test(arguments: [NegativeSampler.Candidates.all, .others, .same], [true, false])
    func oneIsDrawnAsOftenAsItsWeightSays(_ candidates: NegativeSampler.Candidates, _ isWhole: Bool) {
        let rows = rows(candidates, counted: isWhole ? nil : counted, draws: 40_000)
        let places = TorchRandom.isolated(seed: 3) { NegativeSampler.draw(1, from: rows).places }
        let weights = rows[0].array(of: Double.self)
        let sum = weights.reduce(0, +)
        let counts = places.flatten().bincount(minLength: weights.count).array(of: Int.self)
        #expect(isLikely(statistic(counts, weights.map { $0 / sum })))
    }

    /// Without replacement: after i with p_i, j with p_j / (1 − p_i).
    @Test func twoAreDrawnOneAfterTheOther() {
        let rows = rows(.same, counted: nil, draws: 60_000)
        let places = TorchRandom.isolated(seed: 4) { NegativeSampler.draw(2, from: rows).places }
        let weights = rows[0].array(of: Double.self)
        let shares = weights.map { $0 / weights.reduce(0, +) }
        let pairs = (places[.all, 0] * 8 + places[.all, 1]).bincount(minLength: 64).array(of: Int.self)
        let expected = (0..<64).map { pair -> Double in
            let (first, second) = (pair / 8, pair % 8)
            return first == second ? 0 : shares[first] * shares[second] / (1 - shares[first])
        }
        let found = statistic(pairs, expected)
        #expect(found.values == 42 && isLikely(found))
    }

    @Test func whereNothingIsKnownAllAreAsLikely() {
        let sampler = NegativeSampler(images: 3, positions: 8, posteriors: nil, candidates: .others)
        let weights = sampler.weights(8..<10, of: 1, like: Self.posteriors)
        #expect(weights.shape == [2, 24] && weights[.all, 8..<16].any().item() == 0 && weights.sum().item() == 32)
    }

    @Test(arguments: [NegativeSampler.Candidates.all, .others, .same])
    func weightsOfSomeRowsAreThoseOfAll(_ candidates: NegativeSampler.Candidates) throws {
        let sampler = sampler(candidates, counted: counted)
        let whole = sampler.weights(8..<16, of: 1, like: Self.posteriors)
        let parts = [8..<9, 9..<13, 13..<16].map { sampler.weights($0, of: 1, like: Self.posteriors) }
        try assertClose(Tensor.concatenate(parts), whole, relative: 1e-6)
        #expect(!whole.requiresGrad && whole.amin().item() == 0)
    }

    // MARK: The loss in tiles

    private func evaluated(_ body: (Tensor, Tensor) -> Tensor) -> [Tensor] {
        let leaves = ["weak", "strong"].map { formula($0, [24, 6]) }
        for leaf in leaves { leaf.requiresGrad = true }
        let value = body(leaves[0].normalized(1), leaves[1].normalized(1))
        value.backward()
        return [value.detach()] + leaves.map { $0.grad! }
    }

    @Test(arguments: [1, 50, 1 << 20], [true, false]) func tilesGiveWhatTheWholeGives(_ tile: Int, _ hasHinge: Bool) throws {
        let negatives = TorchRandom.isolated(seed: 5) { Tensor.randint(0, 24, [24, 7]) }
        func loss(_ tile: Int) -> [Tensor] {
            evaluated {
                PixelContrast(sampler(.all, counted: counted), count: 7, temperature: 0.1, hasHinge: hasHinge, tile: tile)(
                    $0, $1, negatives: negatives)
            }
        }
        for (found, wanted) in zip(loss(tile), loss(1 << 24)) { try assertClose(found, wanted, relative: 1e-6) }
    }

    /// More negatives than candidates: all of them, each once, against a matrix of all products.
    @Test(arguments: [NegativeSampler.Candidates.all, .others, .same], [true, false])
    func whereThereAreFewerCandidatesAllAreTaken(_ candidates: NegativeSampler.Candidates, _ isWhole: Bool) throws {
        let counted = isWhole ? nil : counted
        let sampler = sampler(candidates, counted: counted)
        let allowed = Tensor.zeros([24, 24])
        for image in 0..<3 {
            let rows = image * 8..<image * 8 + 8
            allowed[rows, candidates == .same ? rows : 0..<24] = sampler.weights(rows, of: image, like: Self.posteriors)
        }
        let textbook = evaluated { weak, strong in
            let scores = (weak.matmul(weak.transpose(0, 1)) / 0.1).maskedFill(allowed .<= 0, -.infinity)
            let logs = Tensor.concatenate([(weak * strong).sum(1, keepDimensions: true) / 0.1, scores], 1).logSoftmax(1)[.all, 0]
            return -(counted.map { logs * $0.float } ?? logs).sum()
        }
        for tile in [1, 1 << 20] {
            let own = evaluated { PixelContrast(sampler, count: 200, temperature: 0.1, tile: tile)($0, $1) }
            for (found, wanted) in zip(own, textbook) { try assertClose(found, wanted) }
        }
    }

    /// One position of one image has nothing to differ from.
    @Test func aloneThereIsNothingToLearn() {
        let sampler = NegativeSampler(images: 3, positions: 1, posteriors: nil, candidates: .same)
        let leaf = Tensor.randn([3, 4])
        leaf.requiresGrad = true
        let loss = PixelContrast(sampler, count: 200, temperature: 0.1)(leaf.normalized(1), Tensor.randn([3, 4]).normalized(1))
        loss.backward()
        #expect(loss.item() == 0 && leaf.grad!.abs().amax().item() == 0)
    }
}
