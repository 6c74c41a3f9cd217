import Foundation

/// What the processor can do.
public enum Processor {
    /// Whether bfloat16 products are computed in hardware: AVX512-BF16 or AMX on x86-64.
    public static let hasBF16: Bool = {
        #if arch(x86_64) && os(Linux)
            !flags.isDisjoint(with: ["avx512_bf16", "amx_bf16"])
        #else
            false
        #endif
    }()

    /// The processor's instruction sets, as Linux names them; empty elsewhere.
    public static let flags: Set<String> = {
        guard let text = systemFile("/proc/cpuinfo"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
        else { return [] }
        return Set(line.split(separator: ":", maxSplits: 1).last?.split(separator: " ").map(String.init) ?? [])
    }()

    /// Bytes of memory that the process holds now; nil where the system does not tell.
    public static var residentMemory: Int? {
        guard let text = systemFile("/proc/self/statm") else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } : nil
    }

    /// Bytes of memory that the process could take beside what it holds: what the system has left, and what the process's group (a
    /// container, a job) may hold; nil where the system does not tell.
    public static var availableMemory: Int? {
        guard let free = number(after: "MemAvailable:", in: "/proc/meminfo").map({ $0 << 10 }) else { return nil }
        guard let limit = systemFile("/sys/fs/cgroup/memory.max").flatMap({ Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }),
            let held = number(after: "anon", in: "/sys/fs/cgroup/memory.stat")
        else { return free }
        return min(free, max(0, limit - held))
    }

    private static func number(after key: String, in file: String) -> Int? {
        guard let line = systemFile(file)?.split(separator: "\n").first(where: { $0.hasPrefix(key + " ") }) else { return nil }
        return line.dropFirst(key.count).split(separator: " ").first.flatMap { Int($0) }
    }
}
