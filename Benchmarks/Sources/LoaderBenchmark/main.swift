import Foundation
import SegData
import Support
import Vision

// Images per second of the loader on CamVid: decode, scale by 0.5...2, crop to 360×360, mirror, change colours.
//
//     LoaderBenchmark CAMVID [--batches 120] [--threads 2] [--cache MEGABYTES] [--python PYTHON --rounds 3]
//
// With --python, that interpreter runs python/loader.py (PyTorch's DataLoader, the same steps and number of processes) between
// the rounds, and the ratio of the medians is printed.

struct Arguments {
    var camVid = ""
    var batches = 120
    var threads = 2
    var cacheMegabytes = 0
    var python: String?
    var rounds = 3

    init(_ words: [String]) throws {
        var words = words[...]
        func number(_ word: String?) throws -> Int {
            guard let value = word.flatMap({ Int($0) }), value >= 0 else { throw UserError("expected a number", exitCode: .usage) }
            return value
        }
        while let word = words.popFirst() {
            switch word {
            case "--batches": batches = try number(words.popFirst())
            case "--threads": threads = try number(words.popFirst())
            case "--cache": cacheMegabytes = try number(words.popFirst())
            case "--rounds": rounds = try number(words.popFirst())
            case "--python": python = words.popFirst()
            default: camVid = word
            }
        }
        guard !camVid.isEmpty else {
            throw UserError("usage: LoaderBenchmark CAMVID [--batches N] [--threads N] [--cache MB] [--python PYTHON]", exitCode: .usage)
        }
    }
}

func imagesPerSecond(_ arguments: Arguments) throws -> Double {
    let data = try DatasetKind.named("camvid").open("train", DatasetOptions(root: URL(fileURLWithPath: arguments.camVid)))
    let augmentation = Augmentation(
        scale: 0.5...2, crop: Size(width: 360, height: 360), flip: 0.5,
        photometric: Photometric(jitter: ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1)))
    let options = LoaderOptions(
        batchSize: 16, augmentation: augmentation, threads: arguments.threads, cacheMegabytes: arguments.cacheMegabytes)
    let loader = try Loader(data, options)
    // The first batches pay for starting, or for filling the cache.
    for _ in 0..<(arguments.cacheMegabytes > 0 ? loader.batchesPerEpoch * 2 : 4) { _ = try loader.next() }
    let clock = ContinuousClock()
    let elapsed = try clock.measure {
        for _ in 0..<arguments.batches { _ = try loader.next() }
    }
    return Double(arguments.batches * options.batchSize) / (elapsed / .seconds(1))
}

func pyTorchImagesPerSecond(_ python: String, _ arguments: Arguments) throws -> Double {
    struct Answer: Decodable { let images_per_second: Double }
    let script = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("python/loader.py")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [
        script.path, arguments.camVid, "--workers", "\(arguments.threads)", "--batches", "\(max(1, arguments.batches / 3))",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw UserError("\(script.path) failed", hint: "It needs torch, torchvision and Pillow.") }
    return try JSONDecoder().decode(Answer.self, from: answer).images_per_second
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

do {
    let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
    var (ours, theirs): ([Double], [Double]) = ([], [])
    for _ in 0..<max(1, arguments.rounds) {
        ours.append(try imagesPerSecond(arguments))
        print("loader   \(Int(ours.last!.rounded())) images/s")
        guard let python = arguments.python else { continue }
        theirs.append(try pyTorchImagesPerSecond(python, arguments))
        print("PyTorch  \(Int(theirs.last!.rounded())) images/s")
    }
    if !theirs.isEmpty {
        let ratio = (median(ours) / median(theirs) * 100).rounded() / 100
        print("ratio of the medians: \(ratio)")
    }
} catch {
    FileHandle.standardError.write(Data("\(error)\n".utf8))
    exit((error as? any UserFacingError)?.exitCode.rawValue ?? ExitCode.internalError.rawValue)
}
