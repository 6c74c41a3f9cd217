import Foundation
import Support
import Torch

/// LibTorch and the devices that it can compute on.
enum TorchFindings {
    static func all() -> [Finding] {
        let folder = LibTorch.folder.path
        let chosen = ProcessInfo.processInfo.environment["LIBTORCH"].map { !$0.isEmpty } ?? false
        let origin = chosen ? "\(folder), chosen by LIBTORCH" : folder
        let remedy =
            chosen
            ? "let LIBTORCH name a folder that holds lib/ and include/, or unset it and run scripts/setup"
            : "run scripts/setup, which puts \(LibTorch.pinnedVersion) there, or let LIBTORCH name a folder that holds lib/ and include/"
        do {
            try LibTorch.load()
        } catch {
            let message = (error as? UserError)?.message ?? "\(error)"
            return [
                Finding(
                    state: .missing, name: "LibTorch", found: message,
                    advice: remedy + ". Until then config, data, compare and report work; training does not")
            ]
        }
        let version = LibTorch.version
        let expected = LibTorch.pinnedVersion
        let libTorch = Finding(
            state: version.hasPrefix(expected) ? .present : .absent, name: "LibTorch", found: "\(version) in \(origin)",
            advice: version.hasPrefix(expected) ? nil : "tested with \(expected); this version may behave differently")
        let cpu = Finding(
            state: .present, name: "cpu", found: "\(LibTorch.processorCapability), \(LibTorch.threads) threads")
        return [libTorch, cpu] + accelerators
    }

    private static var accelerators: [Finding] {
        var found: [Finding] = []
        for index in 0..<Device.cudaCount { found.append(Finding(state: .present, name: "cuda:\(index)", found: "usable")) }
        if Device.hasMPS { found.append(Finding(state: .present, name: "mps", found: "usable (untested)")) }
        guard found.isEmpty else { return found }
        let hasDriver = FileManager.default.fileExists(atPath: "/proc/driver/nvidia/version")
        return [
            Finding(
                state: .absent, name: "GPU", found: hasDriver ? "an NVIDIA driver, but LibTorch has no CUDA half" : "none",
                advice: hasDriver ? "run scripts/setup --cuda to fetch NVIDIA's libraries" : nil)
        ]
    }
}
