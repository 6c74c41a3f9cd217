import CTorchABI

/// LibTorch's random numbers: one generator a device.
public enum TorchRandom {
    /// Seeds the generators of all devices.
    public static func seed(_ seed: Int) { torchCheck(api.seed(UInt64(bitPattern: Int64(seed)))) }

    /// The generator's whole state, as bytes.
    public static func state(of device: Device = .cpu) -> Tensor {
        var state: CTTensor?
        torchCheck(api.random_state(device.kind.rawValue, Int32(device.index), &state))
        return Tensor(handle: state)
    }

    public static func setState(_ state: Tensor, of device: Device = .cpu) {
        torchCheck(api.set_random_state(device.kind.rawValue, Int32(device.index), state.handle))
    }

    /// Runs `body` with random numbers of its own: those outside go on as if it had not run.
    public static func isolated<Result>(seed: Int, on device: Device = .cpu, _ body: () throws -> Result) rethrows -> Result {
        let states = [Device.cpu] + (device == .cpu ? [] : [device])
        let saved = states.map { ($0, state(of: $0)) }
        defer { for (device, state) in saved { setState(state, of: device) } }
        Self.seed(seed)
        return try body()
    }
}
