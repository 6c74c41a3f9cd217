import Foundation
import Support

/// Where and with what a run was made: `environment.json`.
public struct RunEnvironment: Codable, Sendable, Equatable {
    /// The program's own version.
    public var segdistill: String
    public var libTorch: String
    /// `cpu`, `cuda:0`, `mps`.
    public var device: String
    /// The processor or the accelerator, as it calls itself.
    public var deviceName: String
    public var operatingSystem: String
    public var architecture: String
    public var processors: Int
    /// Bytes of main memory.
    public var memory: UInt64
    /// Threads that LibTorch computes on.
    public var threads: Int
    public var commandLine: [String]

    public init(segdistill: String, libTorch: String, device: String, deviceName: String? = nil, threads: Int) {
        let process = ProcessInfo.processInfo
        self.segdistill = segdistill
        self.libTorch = libTorch
        self.device = device
        self.deviceName = deviceName ?? Self.processorName ?? "unknown"
        operatingSystem = process.operatingSystemVersionString
        architecture = Self.architectureName
        processors = process.activeProcessorCount
        memory = process.physicalMemory
        self.threads = threads
        commandLine = process.arguments
    }

    private static var processorName: String? {
        let text = systemFile("/proc/cpuinfo")
        let line = text?.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private static var architectureName: String {
        #if arch(x86_64)
            "x86-64"
        #elseif arch(arm64)
            "arm64"
        #else
            "other"
        #endif
    }
}
