import Foundation
import Measuring
import SegData
import Support
import Vision

// Images per second of the loader: decode, scale by 0.5...2, crop, mirror, and with --jitter change colours.
//
//     LoaderBenchmark CAMVID --python PYTHON
//     python/pngs.py CAMVID PNGS && LoaderBenchmark PNGS --crop 512 --batch 8 --batches 20 --python PYTHON
//
// With --python, that interpreter runs python/loader.py (PyTorch's DataLoader, the same steps and number of processes) between
// the rounds, and the ratio of the medians is printed; also of decoding alone, in one thread.

extension Arguments {
    func dataset() throws -> any Dataset {
        let root = URL(fileURLWithPath: data)
        let files = try FileDataset(
            images: root.appendingPathComponent("images/train"), labels: root.appendingPathComponent("labels/train"), classes: .camVid11,
            ignoring: [11])
        guard let packed else { return files }
        let file = URL(fileURLWithPath: packed)
        try PackedDataset.write(files, to: file)
        return try PackedDataset(file, of: files)
    }

    var options: LoaderOptions {
        let colors = jitter ? Photometric(jitter: ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1)) : nil
        let augmentation = Augmentation(
            scale: 0.5...2, crop: Size(width: crop, height: crop), flip: 0.5, photometric: colors ?? Photometric())
        return LoaderOptions(batchSize: batch, augmentation: augmentation, threads: threads, cacheMegabytes: cacheMegabytes)
    }
}

/// Images per second of the whole loader.
func loading(_ dataset: any Dataset, _ arguments: Arguments) throws -> Double {
    let loader = try Loader(dataset, arguments.options)
    // The first batches pay for starting, or for filling the cache.
    for _ in 0..<(arguments.cacheMegabytes > 0 ? loader.batchesPerEpoch * 2 : 4) { _ = try loader.next() }
    let elapsed = try ContinuousClock().measure {
        for _ in 0..<arguments.batches { _ = try loader.next() }
    }
    return Double(arguments.batches * arguments.batch) / (elapsed / .seconds(1))
}

/// Images per second of reading whole images and labels in one thread.
func decoding(_ dataset: any Dataset) throws -> Double {
    let count = min(dataset.count, 100)
    let elapsed = try ContinuousClock().measure {
        for index in 0..<count { _ = try dataset.sample(index) }
    }
    return Double(count) / (elapsed / .seconds(1))
}

struct PythonRates: Decodable {
    let images_per_second: Double
    let decoded_per_second: Double

    init(_ python: String, _ arguments: Arguments) throws {
        var words = [pythonScript("loader.py"), arguments.data, "--workers", "\(arguments.threads)"]
        words += ["--batches", "\(max(1, arguments.batches / 3))", "--crop", "\(arguments.crop)", "--batch-size", "\(arguments.batch)"]
        words += (arguments.jitter ? ["--jitter"] : []) + (arguments.openCV ? ["--opencv"] : [])
        self = try run(python, words, needs: "torch, torchvision, and Pillow or opencv-python")
    }
}

func ratio(_ name: String, _ ours: [Double], _ theirs: [Double]) -> String {
    "\(name): \((median(ours) / median(theirs) * 100).rounded() / 100) times as fast, by the medians"
}

func rate(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

benchmark {
    let arguments = try Arguments(Array(CommandLine.arguments.dropFirst()))
    if let list = arguments.list {
        try reportList(list)
        exit(0)
    }
    let dataset = try arguments.dataset()
    if arguments.scaled {
        try reportScaledDecoding(dataset)
        exit(0)
    }
    if let epochs = arguments.memoryEpochs {
        try reportMemory(dataset, arguments.options, epochs: epochs)
        exit(0)
    }
    var (ours, theirs): ([Double], [PythonRates]) = ([], [])
    var ourDecoding: [Double] = []
    for _ in 0..<max(1, arguments.rounds) {
        ours.append(try loading(dataset, arguments))
        ourDecoding.append(try decoding(dataset))
        print("loader   \(rate(ours.last!)) images/s, \(rate(ourDecoding.last!)) decoded/s in one thread")
        guard let python = arguments.python else { continue }
        theirs.append(try PythonRates(python, arguments))
        print("PyTorch  \(rate(theirs.last!.images_per_second)) images/s, \(rate(theirs.last!.decoded_per_second)) decoded/s in one thread")
    }
    if !theirs.isEmpty {
        print(ratio("loader", ours, theirs.map(\.images_per_second)))
        print(ratio("decoding", ourDecoding, theirs.map(\.decoded_per_second)))
    }
}
