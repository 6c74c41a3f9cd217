import Foundation

typealias DirectCall = @convention(c) (UnsafePointer<CChar>, Int32, Int32) -> Double

/// The C++ loop, from the library beside the program; LibTorch must be open.
func openDirectCalls() throws -> DirectCall {
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
    #if os(Linux)
        let library = folder.appendingPathComponent("libCDirect.so").path
    #else
        let library = folder.appendingPathComponent("libCDirect.dylib").path
    #endif
    guard let handle = dlopen(library, RTLD_NOW), let symbol = dlsym(handle, "direct_microseconds") else {
        throw BenchmarkError(message: "cannot open \(library): \(dlerror().map { String(cString: $0) } ?? "unknown reason")")
    }
    return unsafeBitCast(symbol, to: DirectCall.self)
}

/// The figures of `python/op_call.py`, less what Python's own loop costs.
func pythonMicroseconds(_ interpreter: String) throws -> [String: Double] {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("python/op_call.py")
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [interpreter, script.path]
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    struct Figures: Decodable { let net: [String: Double] }
    return try JSONDecoder().decode(Figures.self, from: text).net
}

/// Memory of this process that is really there; NaN where the system does not tell.
func residentMegabytes() -> Double {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
        let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { return .nan }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_000_000
}

struct BenchmarkError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
