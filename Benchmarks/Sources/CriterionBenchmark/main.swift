import Distill
import Foundation
import Measuring
import SegLoss
import Support
import Torch

// Time and memory of Mask2Former's criterion, forward and backward, and of the assignment under it.
//
//     CriterionBenchmark [--shape 2,100,10,128] [--targets 20,512] [--threads 1] [--rounds 3] [--python PYTHON]
//
// The shape is images, queries, layers, and the side of the predicted masks; the targets are masks an image and their side. Every
// measurement is the third pass of a process of its own. With --python, that interpreter runs python/criterion.py in turns with it:
// transformers' Mask2FormerLoss at the same settings. Memory is the most that is resident less what was before the first pass: the
// predictions, and the true masks as bits here, as float32 there. Linux only.

struct Figures: Codable {
    let seconds: Double
    /// Of the processor, which a busy machine does not change as much.
    let processor: Double
    let peak: Int
    let truth: Int
    let loss: Double
}

func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Discs, as python/criterion.py has them.
func discs(images: Int, count: Int, side: Int) -> MaskTargets {
    MaskTargets(labels: (0..<images).map { image in (0..<count).map { (image + $0) % 19 } }, height: side, width: side) { canvas in
        for image in 0..<images {
            for mask in 0..<count {
                let number = image * count + mask
                let (x, y, radius) = (number * 97 % side, number * 61 % side, side / 25 + number * 29 % (side / 4))
                for column in max(0, x - radius)...min(side - 1, x + radius) {
                    let half = Int(Double(radius * radius - (column - x) * (column - x)).squareRoot())
                    let (top, bottom) = (max(0, y - half), min(side - 1, y + half))
                    canvas.add(to: mask, of: image, column: column, row: top, length: bottom - top + 1)
                }
            }
        }
    }
}

func measured(_ shape: [Int], _ truth: [Int]) -> Figures {
    let (images, queries, layers, side) = (shape[0], shape[1], shape[2], shape[3])
    TorchRandom.seed(0)
    let masks = (0..<layers).map { _ in Tensor.randn([images, queries, side, side]) * 3.0 }
    let classes = (0..<layers).map { _ in Tensor.randn([images, queries, 20]) }
    let before = bytes("VmRSS")
    let targets = discs(images: images, count: truth[0], side: truth[1])
    let ofTruth = bytes("VmRSS") - before
    for tensor in masks + classes { tensor.requiresGrad = true }
    let criterion = MaskCriterion(.init())
    let clock = ContinuousClock()
    var seconds = 0.0
    var processor = 0.0
    var loss = 0.0
    for _ in 0..<3 {
        for tensor in masks + classes { tensor.grad = nil }
        let start = (clock.now, processorTime())
        let total = criterion(classes: classes, masks: masks, targets: targets).total
        total.backward()
        seconds = (clock.now - start.0) / .seconds(1)
        processor = processorTime() - start.1
        loss = total.item()
    }
    return Figures(seconds: seconds, processor: processor, peak: bytes("VmHWM") - before, truth: ofTruth, loss: loss)
}

func show(_ name: String, _ figures: [Figures]) -> Figures {
    let middle = figures.sorted { $0.processor < $1.processor }[figures.count / 2]
    print(
        "\(name): \(fixed(middle.seconds, 2)) s, \(fixed(middle.processor, 2)) s of the processor, \(fixed(Double(middle.peak) / 1e6, 0)) MB, "
            + "\(fixed(Double(middle.truth) / 1e6, 0)) MB of them the true masks, loss \(significant(middle.loss))")
    return middle
}

/// The median time of an assignment of random costs, in milliseconds.
func assignment(_ rows: Int, _ columns: Int) -> Double {
    var random = SeededRandom(1)
    let clock = ContinuousClock()
    let times = (0..<101).map { _ in
        let costs = (0..<rows * columns).map { _ in random.unit() }
        let start = clock.now
        _ = LinearAssignment.solve(costs, rows: rows, columns: columns)
        return (clock.now - start) / .milliseconds(1)
    }
    return times.sorted()[50]
}

func main() throws {
    let (shape, targets) = (value("--shape") ?? "2,100,10,128", value("--targets") ?? "20,512")
    let threads = value("--threads") ?? "1"
    if CommandLine.arguments.contains("--once") {
        try LibTorch.load()
        LibTorch.threads = Int(threads)!
        let figures = try withTorchErrors { measured(numbers(shape), numbers(targets)) }
        return print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }
    for (rows, columns) in [(100, 100), (20, 100), (300, 100), (1000, 100)] {
        print("assignment \(rows)×\(columns): \(fixed(assignment(rows, columns), 3)) ms")
    }
    let common = ["--shape", shape, "--targets", targets, "--threads", threads]
    var own: [Figures] = []
    var rival: [Figures] = []
    for _ in 0..<max(1, value("--rounds").flatMap { Int($0) } ?? 3) {
        own.append(try run(CommandLine.arguments[0], ["--once"] + common))
        if let python = value("--python") { rival.append(try run(python, [pythonScript("criterion.py")] + common)) }
    }
    let ours = show("MaskCriterion", own)
    guard !rival.isEmpty else { return }
    let theirs = show("transformers", rival)
    print(
        "\(fixed(theirs.seconds / ours.seconds, 1))× as fast (\(fixed(theirs.processor / ours.processor, 1))× by the processor's time), 1/\(fixed(Double(theirs.peak) / Double(ours.peak), 1)) of the memory, "
            + "1/\(fixed(Double(theirs.truth) / Double(max(1, ours.truth)), 0)) of that of the true masks")
}

benchmark(main)
