import Foundation
import Measuring
import Support
import Vision

// Milliseconds of processor time of each photometric step on a crop of 512×512, beside torchvision's v2 functions on a uint8 tensor on
// one thread.
//
//     AugmentationBenchmark PYTHON [--rounds 5]
//
// PYTHON runs python/augmentation.py once and answers for every step as it is asked, so that the two take turns step by step.

/// The Python process: a step's name in, milliseconds out.
final class TorchVision {
    private let process = Process()
    private let (input, output) = (Pipe(), Pipe())

    init(_ python: String) throws {
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [pythonScript("augmentation.py")]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    func milliseconds(_ step: String) throws -> Double {
        input.fileHandleForWriting.write(Data("\(step)\n".utf8))
        var answer = Data()
        while answer.last != UInt8(ascii: "\n"), let more = try output.fileHandleForReading.read(upToCount: 1), !more.isEmpty {
            answer += more
        }
        guard let value = Double(String(decoding: answer, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw UserError("python/augmentation.py failed at \(step)", hint: "It needs torch and torchvision.")
        }
        return value
    }

    func finish() { try? input.fileHandleForWriting.close() }
}

let steps: [(String, ColorStep)] = [
    ("brightness", .brightness(1.3)), ("contrast", .contrast(1.3)), ("saturation", .saturation(1.3)), ("hue", .hue(0.1)),
    ("posterize", .posterize(bits: 5)), ("solarize", .solarize(threshold: 180)), ("autocontrast", .autocontrast), ("equalize", .equalize),
    ("sharpness", .sharpness(1.5)), ("blur", .blur(sigma: 1)),
]

/// The thread's processor time, which other programs do not lengthen.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
}

func milliseconds(_ image: Image, _ step: ColorStep) -> Double {
    var times: [Double] = []
    for _ in 0..<21 {
        let start = now()
        let adjusted = image.adjusted([step])
        times.append(now() - start)
        precondition(adjusted.pixels.count == image.pixels.count)
    }
    return median(times)
}

benchmark {
    guard let python = CommandLine.arguments.dropFirst().first else {
        throw UserError("usage: AugmentationBenchmark PYTHON [--rounds N]", exitCode: .usage)
    }
    let rounds = value("--rounds").flatMap { Int($0) } ?? 5
    var image = Image(width: 512, height: 512)
    for index in image.pixels.indices { image.pixels[index] = UInt8(truncatingIfNeeded: index / 7 + index / 1536 * 3) }
    let rival = try TorchVision(python)
    print("step           ours ms   torchvision ms   ratio")
    for (name, step) in steps {
        var (ours, theirs): ([Double], [Double]) = ([], [])
        for _ in 0..<rounds {
            ours.append(milliseconds(image, step))
            theirs.append(try rival.milliseconds(name))
        }
        let (mine, other) = (median(ours), median(theirs))
        let label = name.padding(toLength: 14, withPad: " ", startingAt: 0)
        print(label + String(format: "%8.2f %16.2f %7.1f", mine, other, other / mine))
    }
    rival.finish()
}
