import Foundation
import SegData
import Support

/// The process's resident memory in megabytes: what is its own, and with the pages of mapped files.
func residentMegabytes() -> (own: Int, all: Int) {
    let numbers = (systemFile("/proc/self/statm") ?? "").split(separator: " ").compactMap { Int($0) }
    guard numbers.count > 2 else { return (0, 0) }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    return (((numbers[1] - numbers[2]) * page) >> 20, (numbers[1] * page) >> 20)
}

/// Prints the memory after each of several epochs.
func reportMemory(_ dataset: any Dataset, _ options: LoaderOptions, epochs: Int) throws {
    let loader = try Loader(dataset, options)
    for epoch in 1...epochs {
        for _ in 0..<loader.batchesPerEpoch { _ = try loader.next() }
        let memory = residentMegabytes()
        print("epoch \(epoch): \(memory.own) MB, with mapped files \(memory.all) MB")
    }
}

/// Prints what a list file costs: opened, and shuffled by a loader that has given a batch.
func reportList(_ file: String) throws {
    let before = residentMegabytes()
    let list = try ListDataset(URL(fileURLWithPath: file), classes: .camVid11, ignoring: [11])
    let opened = residentMegabytes()
    print("\(list.count) entries: \(opened.own - before.own) MB, with the mapped file \(opened.all - before.all) MB")
    let loader = try Loader(list, LoaderOptions(batchSize: 4, augmentation: Augmentation(crop: Size(width: 64, height: 64)), threads: 2))
    _ = try loader.next()
    let shuffled = residentMegabytes()
    print("with a loader and its order: \(shuffled.own - before.own) MB, with the mapped file \(shuffled.all - before.all) MB")
}
