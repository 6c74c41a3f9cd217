import Support

let usage = """
    LoaderBenchmark DATA [--crop 360] [--batch 16] [--batches 120] [--threads 2] [--cache MEGABYTES] [--jitter] [--packed FILE]
                    [--python PYTHON] [--opencv] [--rounds 3]
    LoaderBenchmark DATA --memory 10
    LoaderBenchmark DATA --scaled
    LoaderBenchmark --list FILE
    """

struct Arguments {
    /// Holds images/train and labels/train with CamVid's classes.
    var data = ""
    var crop = 360
    var batch = 16
    var batches = 120
    var threads = 2
    var cacheMegabytes = 0
    var jitter = false
    /// Where the images are packed first; nil reads them from their files.
    var packed: String?
    var python: String?
    var openCV = false
    var rounds = 3
    /// Only says what scaled decoding changes.
    var scaled = false
    /// Epochs after each of which the memory is printed.
    var memoryEpochs: Int?
    /// A list file, of which only the memory is printed that its entries cost.
    var list: String?

    init(_ words: [String]) throws {
        var words = words[...]
        func number() throws -> Int {
            guard let value = words.popFirst().flatMap({ Int($0) }), value >= 0 else { throw UserError(usage, exitCode: .usage) }
            return value
        }
        while let word = words.popFirst() {
            switch word {
            case "--crop": crop = try number()
            case "--batch": batch = try number()
            case "--batches": batches = try number()
            case "--threads": threads = try number()
            case "--cache": cacheMegabytes = try number()
            case "--rounds": rounds = try number()
            case "--memory": memoryEpochs = try number()
            case "--scaled": scaled = true
            case "--jitter": jitter = true
            case "--opencv": openCV = true
            case "--list": list = words.popFirst()
            case "--packed": packed = words.popFirst()
            case "--python": python = words.popFirst()
            default: data = word
            }
        }
        guard !data.isEmpty || list != nil else { throw UserError(usage, exitCode: .usage) }
    }
}
