import CTorchABI
import Support

/// Where a tensor lives.
public struct Device: Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Int32, Sendable {
        case cpu = 0
        case cuda = 1
        case mps = 13
    }

    public let kind: Kind
    public let index: Int

    public static let cpu = Device(kind: .cpu, index: -1)
    public static let mps = Device(kind: .mps, index: 0)
    public static func cuda(_ index: Int = 0) -> Device { Device(kind: .cuda, index: index) }

    /// `cpu`, `cuda`, `cuda:1`, `mps`, or `auto`: the first GPU when there is one, else the CPU.
    /// - Throws: `UserError` when the name is unknown or the device is not there.
    public init(_ name: String) throws {
        switch name {
        case "auto": self = Device.cudaCount > 0 ? .cuda(0) : Device.hasMPS ? .mps : .cpu
        case "cpu": self = .cpu
        case "mps": self = .mps
        case "cuda": self = .cuda(0)
        default:
            guard name.hasPrefix("cuda:"), let index = Int(name.dropFirst(5)), index >= 0 else {
                throw UserError(
                    "unknown device '\(name)'", hint: "Devices are auto, cpu, cuda, cuda:N and mps.", exitCode: .usage)
            }
            self = .cuda(index)
        }
        try requireAvailable()
    }

    init(kind: Kind, index: Int) {
        self.kind = kind
        self.index = index
    }

    public static var cudaCount: Int { Int(api.cuda_count()) }
    public static var hasMPS: Bool { api.mps_available() }

    private func requireAvailable() throws {
        let found = "found: cpu" + (Device.cudaCount > 0 ? ", \(Device.cudaCount) × cuda" : "") + (Device.hasMPS ? ", mps" : "")
        let there =
            switch kind {
            case .cpu: true
            case .cuda: index < Device.cudaCount
            case .mps: Device.hasMPS
            }
        guard there else {
            throw UserError(
                "device \(self) is not there (\(found))",
                hint: "Use device=cpu or device=auto; `segdistill doctor` says what is missing.")
        }
    }

    /// Waits until everything that was asked of the device is done.
    public func synchronize() { torchCheck(api.synchronize(kind.rawValue, Int32(index))) }

    /// Bytes on the device: held by tensors now and at most, and kept by the allocator. Zero for the CPU.
    public var memory: (allocated: Int, peak: Int, reserved: Int) {
        guard kind == .cuda else { return (0, 0, 0) }
        var memory = CTMemory()
        torchCheck(api.memory(kind.rawValue, Int32(index), &memory))
        return (Int(memory.allocated), Int(memory.peakAllocated), Int(memory.reserved))
    }

    public var description: String {
        switch kind {
        case .cpu: "cpu"
        case .cuda: "cuda:\(index)"
        case .mps: "mps"
        }
    }
}
