import Foundation
import Measuring
import SegData
import SegEval
import Support
import Vision

// The speed of semantic metrics on label maps of 2048×1024, street scenes with 11 classes.
//
//     MetricsBenchmark [--images 500] [--rounds 3] [--python PYTHON]
//
// 1. Counting in memory. With --python, that interpreter runs python/metrics.py between the rounds: mmsegmentation's
//    IoUMetric.intersect_and_union on the same maps.
// 2. Scoring a folder of PNGs, against the time that decoding the same files alone takes on the same threads.

let size = Size(width: 2048, height: 1024)
let distinct = 10

/// Scenes as truth; predictions are the same with every border moved and a few blocks mistaken.
func writeMaps(to folder: URL, count: Int) throws -> LabelPairs {
    let scenes = try StreetScenes(seed: 1, count: distinct, width: size.width, height: size.height)
    let (predictions, truth) = (folder.appendingPathComponent("pred"), folder.appendingPathComponent("truth"))
    for index in 0..<distinct {
        let labels = scenes.sample(index).labels!
        try LabelFolder.write(PNG.encode(labels), named: String(format: "%03d", index), in: truth)
        try LabelFolder.write(PNG.encode(disturbed(labels, index)), named: String(format: "%03d", index), in: predictions)
    }
    for index in distinct..<max(count, distinct) {
        for part in [predictions, truth] {
            let source = try LabelFolder.file(String(format: "%03d", index % distinct), in: part)
            try FileManager.default.linkItem(at: source, to: LabelFolder.file(String(format: "%03d", index), in: part))
        }
    }
    return try LabelPairs(predictions: predictions, truth: truth)
}

func disturbed(_ labels: LabelMap, _ seed: Int) -> LabelMap {
    var random = SeededRandom(seed, 7)
    var result = labels
    for y in 0..<labels.height {
        let shift = random.below(7) - 3
        for x in 0..<labels.width {
            let source = min(max(x + shift, 0), labels.width - 1)
            let value = labels.values[y * labels.width + source]
            result.values[y * labels.width + x] = value == 255 ? 0 : value
        }
    }
    for _ in 0..<60 {
        let (left, top, label) = (random.below(labels.width - 40), random.below(labels.height - 40), UInt8(random.below(11)))
        for y in top..<top + 8 + random.below(32) {
            for x in left..<left + 8 + random.below(32) { result.values[y * labels.width + x] = label }
        }
    }
    return result
}

/// Runs `body` for every index on all cores and gives milliseconds an index.
func milliseconds(_ count: Int, _ body: @Sendable (Int) -> Void) -> Double {
    let elapsed = ContinuousClock().measure { DispatchQueue.concurrentPerform(iterations: count) { body($0) } }
    return elapsed / .milliseconds(1) / Double(count)
}

func countingTime(_ pairs: LabelPairs) throws -> Double {
    let reader = LabelPairReader(classes: .camVid11)
    let maps = try (0..<distinct).map { try reader.read(pairs.pairs[$0]) }
    return milliseconds(20 * distinct) { index in
        let (prediction, truth, _) = maps[index % distinct]
        var counter = SemanticCounter(classes: 11, .cheap)
        _ = try? counter.count(prediction: prediction.values, truth: truth.values, width: size.width, height: size.height)
    }
}

func mmsegmentationTime(_ python: String, _ folder: URL) throws -> Double {
    struct Answer: Decodable { let milliseconds: Double }
    let arguments = [pythonScript("metrics.py"), folder.path, "--images", "\(distinct)"]
    let answer: Answer = try run(python, arguments, needs: "mmsegmentation and Pillow")
    return answer.milliseconds
}

func decodingTime(_ pairs: LabelPairs) -> Double {
    milliseconds(pairs.pairs.count) { index in
        _ = try? LabelMap(contentsOf: pairs.pairs[index].prediction)
        _ = try? LabelMap(contentsOf: pairs.pairs[index].truth)
    }
}

func scoringTime(_ pairs: LabelPairs, _ metrics: SemanticMetrics) throws -> Double {
    let elapsed = try ContinuousClock().measure { _ = try SemanticReport(pairs, classes: .camVid11, metrics: metrics) }
    return elapsed / .milliseconds(1) / Double(pairs.pairs.count)
}

benchmark {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("metrics-benchmark-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let pairs = try writeMaps(to: folder, count: value("--images").flatMap { Int($0) } ?? 500)
    var times: [(name: String, values: [Double])] = [
        ("counting", []), ("mmsegmentation", []), ("decoding alone", []), ("scoring: IoU", []), ("scoring: IoU and boundaries", []),
        ("scoring: everything", []),
    ]
    for _ in 0..<max(1, value("--rounds").flatMap { Int($0) } ?? 3) {
        times[0].values.append(try countingTime(pairs))
        if let python = value("--python") { times[1].values.append(try mmsegmentationTime(python, folder)) }
        times[2].values.append(decodingTime(pairs))
        times[3].values.append(try scoringTime(pairs, .cheap))
        times[4].values.append(try scoringTime(pairs, SemanticMetrics(boundary: .init())))
        times[5].values.append(try scoringTime(pairs, .all))
    }
    for (name, values) in times where !values.isEmpty { print("\(name): \(fixed(median(values), 2)) ms an image") }
    if !times[1].values.isEmpty {
        print("counting against mmsegmentation: \(fixed(median(times[1].values) / median(times[0].values), 1))×")
    }
    for index in 3...5 {
        print("\(times[index].name) against decoding alone: \(fixed(median(times[index].values) / median(times[2].values), 2))×")
    }
}
