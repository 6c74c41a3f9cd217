import Foundation
import SegEval
import Support
import Testing

@Suite struct StatisticsTests {
    @Test func studentTAgreesWithSciPy() {
        for (freedom, confidence, quantile) in StatisticsReference.quantiles {
            #expect(isClose(StudentT(degreesOfFreedom: freedom).twoSidedQuantile(confidence), quantile, 1e-10))
        }
        for (freedom, t, tail) in StatisticsReference.tails {
            let found = StudentT(degreesOfFreedom: freedom).twoSidedTail(t)
            #expect(abs(found / tail - 1) < 1e-10)
            #expect(StudentT(degreesOfFreedom: freedom).twoSidedTail(-t) == found)
        }
    }

    private func results(_ scores: [Double], seeds: Int...) -> [SeedResult] {
        zip(seeds, scores).map { SeedResult(seed: $0, meanIoU: $1, images: []) }
    }

    @Test func pairedSeedsAgreeWithSciPy() throws {
        // The order of the runs must not matter: seeds make the pairs.
        let arm = results(StatisticsReference.arm, seeds: 1, 2, 3, 4)
        let reference = Array(results(StatisticsReference.reference, seeds: 1, 2, 3, 4).reversed())
        let comparison = PairedComparison(arm, against: reference)
        let interval = try #require(comparison.seedInterval)
        #expect(isClose(interval.lower, StatisticsReference.paired.lower, 1e-10))
        #expect(isClose(interval.upper, StatisticsReference.paired.upper, 1e-10))
        #expect(isClose(comparison.pValue, StatisticsReference.paired.p, 1e-10))
        #expect(comparison.wins == 4 && comparison.imageInterval == nil && comparison.interval == interval)
    }

    @Test func runsWithoutCommonSeedsAgreeWithSciPy() throws {
        let comparison = PairedComparison(
            results(StatisticsReference.arm, seeds: 1, 2, 3, 4), against: results(StatisticsReference.reference, seeds: 5, 6, 7, 8))
        let interval = try #require(comparison.seedInterval)
        #expect(isClose(interval.lower, StatisticsReference.welch.lower, 1e-10))
        #expect(isClose(interval.upper, StatisticsReference.welch.upper, 1e-10))
        #expect(isClose(comparison.pValue, StatisticsReference.welch.p, 1e-10))
        #expect(comparison.seeds.isEmpty)
    }

    @Test func onlyCommonSeedsEnter() {
        let comparison = PairedComparison(
            results([0.5, 0.6, 0.9], seeds: 1, 2, 9), against: results([0.4, 0.55, 0.1], seeds: 1, 2, 7))
        #expect(comparison.seeds == [1, 2])
        #expect(isClose(comparison.difference, 0.075))
    }

    /// Test sets whose images differ in difficulty; `gain` is the chance that a wrong pixel is put right.
    private func runs(seeds: [Int], gain: Double, images: Int = 60, noise: Int = 0) -> [SeedResult] {
        seeds.map { seed in
            let tallies = (0..<images).map { image in
                var random = SeededRandom(7, image)
                var tally = ImageTally(image: "\(image)", intersection: [0, 0], truth: [0, 0], predicted: [0, 0])
                let difficulty = 0.1 + 0.5 * random.unit()
                for _ in 0..<200 {
                    let truth = random.below(2)
                    let wrong = random.unit() < difficulty && random.unit() > gain
                    let predicted = wrong ? 1 - truth : truth
                    tally.truth[truth] += 1
                    tally.predicted[predicted] += 1
                    if !wrong { tally.intersection[truth] += 1 }
                }
                return tally
            }
            let total = tallies.dropFirst().reduce(tallies[0]) { sum, next in
                ImageTally(
                    image: "", intersection: zip(sum.intersection, next.intersection).map(+),
                    truth: zip(sum.truth, next.truth).map(+), predicted: zip(sum.predicted, next.predicted).map(+))
            }
            let score = Scores(intersection: total.intersection, truth: total.truth, predicted: total.predicted).meanIoU
            return SeedResult(seed: seed, meanIoU: score + 0.0002 * Double(seed * noise), images: tallies)
        }
    }

    /// The bootstrap of a mean has a known answer: here IoU is linear in the counts because nothing else varies.
    @Test func bootstrapMatchesTheStandardErrorOfAMean() throws {
        var random = SeededRandom(3)
        let images = 400
        let gains = (0..<images).map { _ in random.below(21) }
        func run(_ intersections: [Int]) -> SeedResult {
            // One class, all 100 pixels of each image are of it: IoU = correct / all.
            let tallies = intersections.enumerated().map {
                ImageTally(image: "\($0)", intersection: [Int64($1)], truth: [100], predicted: [Int64($1)])
            }
            return SeedResult(seed: 1, meanIoU: Double(intersections.reduce(0, +)) / Double(100 * images), images: tallies)
        }
        let comparison = PairedComparison(run(gains.map { 50 + $0 }).asArm, against: run(gains.map { _ in 50 }).asArm, resamples: 20_000)
        let interval = try #require(comparison.imageInterval)
        let spread = MeanAndSpread(gains.map { Double($0) / 100 })
        let half = 1.96 * (spread.standardDeviation ?? 0) / Double(images).squareRoot()
        // The percentiles of 20,000 draws scatter by about 1 % of the half width.
        #expect(abs(interval.lower - (spread.mean - half)) < 0.04 * half)
        #expect(abs(interval.upper - (spread.mean + half)) < 0.04 * half)
    }

    /// Over several test sets the images are drawn within each: variances of the sets' means add up, whatever their sizes.
    @Test func setsWeighTheSameWhateverTheirSize() throws {
        var random = SeededRandom(4)
        func set(_ images: Int, _ gain: Int) -> (arm: SeedResult, reference: SeedResult, gains: [Double]) {
            let gains = (0..<images).map { _ in gain + random.below(21) }
            func run(_ hits: [Int]) -> SeedResult {
                let tallies = hits.enumerated().map {
                    ImageTally(image: "\($0)", intersection: [Int64($1)], truth: [100], predicted: [Int64($1)])
                }
                return SeedResult(seed: 1, meanIoU: Double(hits.reduce(0, +)) / Double(100 * images), images: tallies)
            }
            return (run(gains.map { 20 + $0 }), run(gains.map { _ in 20 }), gains.map { Double($0) / 100 })
        }
        let sets = [set(300, 0), set(40, 30), set(120, 10)]
        let comparison = PairedComparison(overSets: sets.map { [$0.arm] }, against: sets.map { [$0.reference] }, resamples: 20_000)
        let spreads = sets.map { MeanAndSpread($0.gains) }
        let mean = spreads.reduce(0) { $0 + $1.mean } / 3
        #expect(isClose(comparison.difference, mean, 1e-12) && comparison.images == 460)
        let variance = spreads.reduce(0) { $0 + pow($1.standardDeviation ?? 0, 2) / Double($1.count) } / 9
        let half = 1.96 * variance.squareRoot()
        let interval = try #require(comparison.imageInterval)
        #expect(abs(interval.lower - (mean - half)) < 0.04 * half && abs(interval.upper - (mean + half)) < 0.04 * half)
        // Of one set it is the comparison on that set.
        #expect(
            PairedComparison(overSets: [[sets[0].arm]], against: [[sets[0].reference]])
                == PairedComparison([sets[0].arm], against: [sets[0].reference]))
    }

    /// A class counts in the sets that have it, and a set's score is the mean over its own classes.
    @Test func classesThatASetLacks() {
        func run(_ truth: [Int64], _ hits: [Int64]) -> SeedResult {
            let tally = ImageTally(image: "a", intersection: hits, truth: truth, predicted: hits)
            return SeedResult(seed: 1, meanIoU: Scores(intersection: hits, truth: truth, predicted: hits).meanIoU, images: [tally])
        }
        let comparison = PairedComparison(
            overSets: [[run([10, 10], [8, 6])], [run([10, 0], [4, 0])]], against: [[run([10, 10], [5, 5])], [run([10, 0], [2, 0])]])
        #expect(isClose(comparison.difference, (0.2 + 0.2) / 2) && comparison.classes.map(\.index) == [0, 1])
        #expect(isClose(comparison.classes[0].difference, (0.3 + 0.2) / 2) && isClose(comparison.classes[1].difference, 0.1))
    }

    @Test func theSeedFixesTheBootstrap() {
        let (arm, reference) = (runs(seeds: [1], gain: 0.3), runs(seeds: [1], gain: 0))
        let first = PairedComparison(arm, against: reference, resamples: 300, randomSeed: 5)
        #expect(first == PairedComparison(arm, against: reference, resamples: 300, randomSeed: 5))
        #expect(first.imageInterval != PairedComparison(arm, against: reference, resamples: 300, randomSeed: 6).imageInterval)
    }

    @Test func bothSourcesOfChanceWidenTheInterval() throws {
        let comparison = PairedComparison(runs(seeds: [1, 2, 3], gain: 0.3, noise: 3), against: runs(seeds: [1, 2, 3], gain: 0))
        let (seeds, images) = (try #require(comparison.seedInterval), try #require(comparison.imageInterval))
        let both = try #require(comparison.interval)
        #expect(both.lower < min(seeds.lower, images.lower) && both.upper > max(seeds.upper, images.upper))
        #expect(comparison.outcome == .better && comparison.images == 60)
        let reversed = PairedComparison(runs(seeds: [1, 2, 3], gain: 0), against: runs(seeds: [1, 2, 3], gain: 0.3, noise: 3))
        #expect(reversed.outcome == .worse)
    }

    @Test func theSameArmTwiceShowsNoDifference() throws {
        let arm = runs(seeds: [1, 2, 3], gain: 0.3)
        let comparison = PairedComparison(arm, against: arm)
        #expect(comparison.difference == 0 && comparison.outcome == .noDifferenceShown && comparison.pValue == 1)
        let verdict = Verdict(comparison, arm: "kd", reference: "plain", distillation: true)
        #expect(verdict.headline == "No difference shown between kd and plain: 0.0 mIoU points")
    }

    @Test func oneSeedGivesNoVerdict() {
        let comparison = PairedComparison(runs(seeds: [1], gain: 0.5), against: runs(seeds: [1], gain: 0))
        #expect(comparison.outcome == .seedsMissing && comparison.seedInterval == nil && comparison.imageInterval != nil)
        let verdict = Verdict(comparison, arm: "kd", reference: "plain", distillation: true)
        #expect(verdict.headline.hasPrefix("Too few seeds for a verdict on kd against plain: +"))
        #expect(verdict.details.contains("60 test images") && verdict.details.contains("train three seeds or more"))
    }

    @Test func otherImagesAreNotResampledTogether() {
        let comparison = PairedComparison(runs(seeds: [1, 2], gain: 0.3), against: runs(seeds: [1, 2], gain: 0, images: 59))
        #expect(comparison.imageInterval == nil && comparison.images == 0 && comparison.seedInterval != nil)
    }

    @Test func seedsAndImagesTogetherAgreeWithSciPy() {
        let levels = zip(StatisticsReference.imageHalves.indices, StatisticsReference.imageHalves).map { index, half in
            let differences = StatisticsReference.classDifferences.map { $0[index] }
            let mean = MeanAndSpread(differences).mean
            let sure = SureDifference(
                differences, differences.map { _ in 0 }, paired: true, images: Interval(mean - half, mean + half))
            #expect(isClose(sure.pValue, StatisticsReference.combined[index], 1e-9))
            // The level and the interval say the same.
            #expect(((sure.pValue ?? 1) < 0.05) == (sure.interval?.excludesZero ?? false))
            return sure.pValue ?? .nan
        }
        for (found, expected) in zip(holm(levels), StatisticsReference.holm) { #expect(isClose(found, expected, 1e-9)) }
    }

    /// Scores by class and no images: what is left is a t test a class.
    @Test func classesAreComparedWithTheirNumberInMind() {
        func results(_ scores: (Int) -> [Double?]) -> [SeedResult] {
            (1...4).map { SeedResult(seed: $0, score: 0.5, classScores: scores($0), images: []) }
        }
        let arm = results { seed in StatisticsReference.classDifferences[seed - 1].map { 0.5 + $0 } + [nil, 0.3] }
        let comparison = PairedComparison(arm, against: results { _ in [0.5, 0.5, 0.5, 0.5, 0.5, nil, nil] })
        // Of the last two classes one side or both have no score.
        #expect(comparison.classes.map(\.index) == [0, 1, 2, 3, 4])
        #expect(comparison.classes.map(\.outcome) == [.better, .better, .worse, .noDifferenceShown, .noDifferenceShown])
        for (index, found) in comparison.classes.enumerated() {
            let column = StatisticsReference.classDifferences.map { $0[index] }
            let alone = PairedComparison(
                column.enumerated().map { SeedResult(seed: $0, score: 0.5 + $1, images: []) },
                against: column.indices.map { SeedResult(seed: $0, score: 0.5, images: []) })
            #expect(isClose(found.pValue, alone.pValue ?? .nan, 1e-9) && found.interval == alone.interval)
        }
        // Alone the fourth class would seem better at a level of 0.15; among five it does not.
        let adjusted = comparison.classes.map { $0.adjustedPValue ?? .nan }
        #expect(adjusted == holm(comparison.classes.map { $0.pValue ?? .nan }))
        #expect(adjusted[3] > comparison.classes[3].pValue ?? 1)
    }

    /// Ten classes, of which one difference in seven would pass alone: Holm's method lets none of them pass.
    @Test func oneOfManyClassesIsNotEnough() {
        let pattern: [[Double]] = [[0.010, 0.014, 0.018], [0.004, -0.006, 0.002]]
        func results(_ scores: (Int) -> [Double]) -> [SeedResult] {
            (0..<3).map { seed in SeedResult(seed: seed, score: 0.5, classScores: scores(seed), images: []) }
        }
        let arm = results { seed in (0..<10).map { 0.5 + pattern[$0 == 0 ? 0 : 1][seed] } }
        let comparison = PairedComparison(arm, against: results { _ in .init(repeating: 0.5, count: 10) })
        #expect(comparison.classes[0].interval?.excludesZero == true)
        #expect(comparison.classes.allSatisfy { $0.outcome == .noDifferenceShown })
    }

    @Test func classIntervalsOfImagesMatchTheStandardErrorOfAMean() throws {
        var random = SeededRandom(11)
        let gains = (0..<400).map { _ in random.below(21) }
        func run(_ seed: Int, _ hits: [Int]) -> SeedResult {
            // Every image has 100 pixels of each class, and nothing is predicted besides: IoU = correct / all.
            let tallies = hits.enumerated().map {
                ImageTally(image: "\($0)", intersection: [Int64($1), 40], truth: [100, 100], predicted: [Int64($1), 40])
            }
            return SeedResult(seed: seed, meanIoU: 0, images: tallies)
        }
        let comparison = PairedComparison(
            [run(1, gains.map { 50 + $0 })], against: [run(1, gains.map { _ in 50 })], resamples: 20_000)
        let interval = try #require(comparison.classes[0].imageInterval)
        let spread = MeanAndSpread(gains.map { Double($0) / 100 })
        let half = 1.96 * (spread.standardDeviation ?? 0) / 20
        #expect(abs(interval.lower - (spread.mean - half)) < 0.04 * half && abs(interval.upper - (spread.mean + half)) < 0.04 * half)
        #expect(comparison.classes[1].imageInterval == Interval(0, 0) && comparison.classes[1].difference == 0)
        #expect(comparison.classes.allSatisfy { $0.outcome == .seedsMissing && $0.pValue == nil })
    }

    @Test func unequalTermsAreSaid() {
        let comparison = PairedComparison(
            results([0.523, 0.525, 0.520], seeds: 1, 2, 3), against: results([0.500, 0.501, 0.499], seeds: 1, 2, 3))
        let verdict = Verdict(comparison, arm: "kd", reference: "plain", distillation: true, unequal: ["data", "budget"])
        #expect(verdict.headline == "kd is better than plain: +2.3 mIoU points, on unequal terms (data, budget)")
        #expect(verdict.details.hasSuffix("Part of it may come from the unequal terms."))
    }

    @Test func verdictInWords() {
        let comparison = PairedComparison(
            results([0.523, 0.525, 0.520], seeds: 1, 2, 3), against: results([0.500, 0.501, 0.499], seeds: 1, 2, 3))
        let verdict = Verdict(comparison, arm: "kd", reference: "plain", distillation: true)
        #expect(verdict.headline == "Distillation by kd helped: +2.3 mIoU points")
        #expect(verdict.details.hasPrefix("95 % interval +1.9 … +2.6 over 3 seeds. Better with 3 of 3 seeds."))
    }
}

extension SeedResult {
    fileprivate var asArm: [SeedResult] { [self] }
}
