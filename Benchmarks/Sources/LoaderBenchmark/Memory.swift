import Foundation
import SegData
import Support

/// The process's resident memory in megabytes: what is its own, and with the pages of mapped files.
func residentMegabytes() -> (own: Int, all: Int) {
    let numbers = (systemFile("/proc/self/statm") ?? "").split(separator: " ").compactMap { Int($0) }
    guard numbers.count > 2 else { return (0, 0) }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    return ((numbers[1] - numbers[2]) * page >> 20, numbers[1] * page >> 20)
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
