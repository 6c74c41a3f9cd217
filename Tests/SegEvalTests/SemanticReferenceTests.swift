import Foundation
import SegEval
import Testing

/// A case of `scripts/reference/metrics.py`: label maps, and what SciPy counts on them class by class.
struct SemanticCase: Decodable, Sendable {
    struct File: Decodable { let cases: [SemanticCase] }

    struct Connectivity: Decodable, Sendable {
        let regions, surplus, missed, components, spurious, trueHoles, predictedHoles: Int
    }

    let width, height, classes, band, tolerance: Int
    let confusion: [[Int64]]
    /// By class: intersection, truth, predicted.
    let boundary: [[Int64]]
    let f1: [Double?]
    let trimap: [[[Int64]]]
    let connectivity: [Connectivity]
    private let truth, prediction: [Int]

    var truthLabels: [UInt8] { Self.expand(truth) }
    var predictedLabels: [UInt8] { Self.expand(prediction) }

    private static func expand(_ runs: [Int]) -> [UInt8] {
        stride(from: 0, to: runs.count, by: 2).flatMap { [UInt8](repeating: UInt8(runs[$0]), count: runs[$0 + 1]) }
    }

    static func all() throws -> [SemanticCase] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures/semantic", withExtension: "json"))
        return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).cases
    }
}

@Suite struct SemanticReferenceTests {
    @Test func everyMetricIsWhatMorphologyOnSingleMasksGives() throws {
        let cases = try SemanticCase.all()
        #expect(cases.count >= 200)
        for (number, expected) in cases.enumerated() {
            let metrics = SemanticMetrics(
                boundary: .init(width: .pixels(expected.band), tolerance: .pixels(expected.tolerance)), trimap: [1, 3, 5],
                connectivity: true)
            var counter = SemanticCounter(classes: expected.classes, metrics)
            let tally = try counter.count(
                prediction: expected.predictedLabels, truth: expected.truthLabels, width: expected.width, height: expected.height)
            let comment: Comment = "case \(number): \(expected.width)×\(expected.height), \(expected.classes) classes"
            #expect(zip(tally.confusion, tally.outside).map { $0 + [$1] } == expected.confusion, comment)
            #expect(tally.boundary == ClassTally(rows: expected.boundary), comment)
            #expect(tally.trimap == expected.trimap.map(ClassTally.init(rows:)), comment)
            let contours = try #require(tally.boundaryF1)
            #expect(contours.images == expected.f1.map { $0 == nil ? 0 : 1 }, comment)
            #expect(zip(contours.sum, expected.f1).allSatisfy { abs($0 - ($1 ?? 0)) < 1e-12 }, comment)
            let connectivity = try #require(tally.connectivity)
            #expect(connectivity.regions == expected.connectivity.map(\.regions), comment)
            #expect(connectivity.surplus == expected.connectivity.map(\.surplus), comment)
            #expect(connectivity.missed == expected.connectivity.map(\.missed), comment)
            #expect(connectivity.components == expected.connectivity.map(\.components), comment)
            #expect(connectivity.spurious == expected.connectivity.map(\.spurious), comment)
            #expect(connectivity.trueHoles == expected.connectivity.map(\.trueHoles), comment)
            #expect(connectivity.predictedHoles == expected.connectivity.map(\.predictedHoles), comment)
        }
    }

    /// One counter for images of different sizes: nothing of an earlier image may remain.
    @Test func aCounterForgetsTheImagesBefore() throws {
        let cases = try SemanticCase.all().filter { $0.classes == 3 }
        var kept = SemanticCounter(classes: 3, .all)
        for expected in cases + cases.reversed() {
            var fresh = SemanticCounter(classes: 3, .all)
            let (prediction, truth) = (expected.predictedLabels, expected.truthLabels)
            let first = try kept.count(prediction: prediction, truth: truth, width: expected.width, height: expected.height)
            #expect(try first == fresh.count(prediction: prediction, truth: truth, width: expected.width, height: expected.height))
        }
    }
}

extension ClassTally {
    fileprivate init(rows: [[Int64]]) {
        self.init(intersection: rows.map { $0[0] }, truth: rows.map { $0[1] }, predicted: rows.map { $0[2] })
    }
}
