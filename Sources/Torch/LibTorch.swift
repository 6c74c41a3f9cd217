import CTorchABI
import Foundation
import Support

/// Finding and opening LibTorch. Nothing is opened before the first tensor is made or ``load()`` is called.
public enum LibTorch {
    /// The version that the package is built for and tested with.
    public static let pinnedVersion = "2.11.0"

    /// Opens LibTorch, so that what is missing is said as an error and not by stopping the program at the first tensor.
    /// - Throws: `UserError` that says which file was looked for, where, and how to get it.
    public static func load() throws { _ = try loaded.get() }

    /// LibTorch's folder: what the variable `LIBTORCH` names, or else the one that `scripts/setup` fills.
    public static var folder: URL {
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment["LIBTORCH"], !chosen.isEmpty { return URL(fileURLWithPath: chosen) }
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
        return URL(fileURLWithPath: cache).appendingPathComponent("segdistill/libtorch-\(pinnedVersion)/torch")
    }

    /// The version that was opened, such as `2.11.0`.
    public static var version: String { String(cString: api.torch_version()!) }

    /// The vector instructions that LibTorch chose, such as `AVX512`.
    public static var processorCapability: String { String(cString: api.cpu_capability()!) }

    /// Threads that one operator may use on the CPU.
    public static var threads: Int {
        get { Int(api.get_threads()) }
        set { api.set_threads(Int32(newValue)) }
    }

    /// ``threads`` where nobody says how many: as the variable `OMP_NUM_THREADS` says, or one a core.
    public static var automaticThreads: Int {
        let said = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"].flatMap { Int($0) } ?? 0
        return said > 0 ? said : ProcessInfo.processInfo.activeProcessorCount
    }

    /// Whether operators without a deterministic implementation are refused.
    public static func useDeterministicAlgorithms(_ enabled: Bool) { api.set_deterministic(enabled) }

    nonisolated(unsafe) fileprivate static let loaded = Result { try open() }

    private static func open() throws -> UnsafePointer<CTorchAPI> {
        let libraries = folder.appendingPathComponent("lib")
        // How long OpenMP's threads spin for the next operator before they sleep, read when LibTorch is opened. Asleep at once, a step of
        // many small operators takes 1.7 times as long; spinning as long as is usual (300 000), threads stand still for ages when another
        // program or the loader holds their processor.
        if getenv("OMP_WAIT_POLICY") == nil { setenv("GOMP_SPINCOUNT", "4000", 0) }
        let suffix = sharedLibrarySuffix
        // LibTorch's own libraries first, by full path: the bridge then needs no run-time search path.
        for name in ["c10", "torch_cpu"] {
            try openLibrary(libraries.appendingPathComponent("lib\(name).\(suffix)"))
        }
        openCUDA(libraries)
        let bridge = try openLibrary(bridgeLibrary())
        guard let symbol = dlsym(bridge, "ctorch_api") else {
            throw UserError("libCTorch.\(suffix) has no entry point", hint: "Build the package again: swift build -c release")
        }
        let entry = unsafeBitCast(symbol, to: CTorchEntry.self)
        guard let table = entry(CT_ABI) else {
            throw UserError(
                "libCTorch.\(suffix) was built for another version of this program",
                hint: "Build the package again: swift build -c release")
        }
        // Without this, oneDNN's bfloat16 gradients differ from run to run on more than one thread.
        table.pointee.set_deterministic_cpu(true)
        return table
    }

    @discardableResult
    private static func openLibrary(_ url: URL) throws -> UnsafeMutableRawPointer {
        if let handle = dlopen(url.path, RTLD_NOW | RTLD_GLOBAL) { return handle }
        let reason = dlerror().map { String(cString: $0) } ?? "unknown reason"
        throw UserError(
            "cannot open LibTorch \(pinnedVersion): expected \(url.path) (\(reason))",
            hint: "Run scripts/setup, or set LIBTORCH to the folder that holds LibTorch's include/ and lib/.")
    }

    /// CUDA is there when both a driver and LibTorch's CUDA half can be opened; without them the CPU is used.
    private static func openCUDA(_ libraries: URL) {
        guard dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL) != nil else { return }
        for name in ["libc10_cuda.so", "libtorch_cuda.so"] {
            _ = dlopen(libraries.appendingPathComponent(name).path, RTLD_NOW | RTLD_GLOBAL)
        }
    }

    private static func bridgeLibrary() throws -> URL {
        let executable = URL(fileURLWithPath: executablePath()).resolvingSymlinksInPath().deletingLastPathComponent()
        let name = "libCTorch.\(sharedLibrarySuffix)"
        let candidates = [
            executable.appendingPathComponent(name),
            executable.deletingLastPathComponent().appendingPathComponent("lib/\(name)"),
        ]
        for candidate in candidates where FileManager.default.fileExists(atPath: candidate.path) { return candidate }
        throw UserError(
            "expected \(name) beside the program, in \(executable.path), and found none",
            hint: "Build the whole package with: scripts/setup && swift build -c release")
    }

    private static func executablePath() -> String {
        #if os(Linux)
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        #else
            Bundle.main.executablePath ?? CommandLine.arguments[0]
        #endif
    }

    private static var sharedLibrarySuffix: String {
        #if os(Linux)
            "so"
        #else
            "dylib"
        #endif
    }
}

/// LibTorch's functions. Programs that want an error rather than a stop call ``LibTorch/load()`` first.
@usableFromInline
let api: CTorchAPI = {
    do {
        return try LibTorch.loaded.get().pointee
    } catch {
        fatalError("\(error)")
    }
}()
