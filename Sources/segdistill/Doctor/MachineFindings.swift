import Foundation
import Support

/// The processor, memory and disk.
enum MachineFindings {
    static func all() -> [Finding] { [system, processor, instructions, memory, disk] }

    private static var system: Finding {
        let process = ProcessInfo.processInfo
        return Finding(state: .present, name: "system", found: "\(process.operatingSystemVersionString), segdistill \(programVersion)")
    }

    private static var processor: Finding {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        return Finding(state: .present, name: "processor", found: "\(cpuInfo("model name") ?? "unknown"), \(cores) cores")
    }

    /// The vector and matrix instructions that decide the speed, bf16 above all.
    private static var instructions: Finding {
        #if arch(x86_64) && os(Linux)
            let wanted = ["avx2", "avx512f", "avx512_bf16", "amx_bf16"]
            let have = wanted.filter(Processor.flags.contains)
            return Finding(
                state: have.contains("avx2") ? .present : .absent, name: "instructions",
                found: "\(have.isEmpty ? "none of \(wanted.joined(separator: ", "))" : have.joined(separator: ", "))"
                    + (Processor.hasBF16 ? ": bf16 in hardware" : ": no bf16 in hardware, 'precision: auto' is float32"))
        #else
            return Finding(state: .present, name: "instructions", found: "not examined on this system")
        #endif
    }

    private static var memory: Finding {
        let total = Double(ProcessInfo.processInfo.physicalMemory) / 0x1p30
        let available = memInfo("MemAvailable").map { String(format: ", %.1f GiB available", Double($0) / 0x1p20) } ?? ""
        return Finding(
            state: total < 4 ? .absent : .present, name: "memory", found: String(format: "%.1f GiB", total) + available,
            advice: total < 4 ? "less than 4 GiB; use small batches (data.loader.batchSize=2)" : nil)
    }

    private static var disk: Finding {
        let folder = FileManager.default.currentDirectoryPath
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        guard let bytes = (attributes?[.systemFreeSize] as? NSNumber)?.doubleValue else {
            return Finding(state: .absent, name: "disk", found: "free space of \(folder) is unknown")
        }
        let free = bytes / 0x1p30
        return Finding(
            state: free < 1 ? .absent : .present, name: "disk", found: String(format: "%.1f GiB free in %@", free, folder),
            advice: free < 1 ? "less than 1 GiB; runs may not fit" : nil)
    }

    private static func cpuInfo(_ key: String) -> String? { value(of: key, in: "/proc/cpuinfo") }

    /// Kibibytes.
    private static func memInfo(_ key: String) -> Int? {
        value(of: key, in: "/proc/meminfo").flatMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    }

    private static func value(of key: String, in file: String) -> String? {
        guard let text = systemFile(file) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
        return line?.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
    }
}
