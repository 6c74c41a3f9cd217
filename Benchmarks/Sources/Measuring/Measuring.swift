import Foundation
import Support

// What the benchmarks have in common.

/// What stands behind an option on the command line.
public func value(_ option: String) -> String? {
    CommandLine.arguments.firstIndex(of: option).flatMap { $0 + 1 < CommandLine.arguments.count ? CommandLine.arguments[$0 + 1] : nil }
}

/// `2,100,10` as numbers.
public func numbers(_ text: String) -> [Int] { text.split(separator: ",").map { Int($0)! } }

public func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// Of this process's memory, in bytes, by the kernel's key: `VmRSS`, `VmHWM`. Linux only.
public func bytes(_ key: String) -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(key) } ?? ""
    return 1024 * (line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0)
}

/// A script in `Benchmarks/python`.
public func pythonScript(_ name: String) -> String {
    let sources = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
    return sources.deletingLastPathComponent().appendingPathComponent("python").appendingPathComponent(name).path
}

/// Runs a program that prints its figures as JSON.
/// - Parameter needs: what a failure says to install.
public func run<Figures: Decodable>(_ program: String, _ arguments: [String], needs: String? = nil) throws -> Figures {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let answer = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw UserError("\(program) \(arguments.joined(separator: " ")) failed", hint: needs.map { "It needs \($0)." })
    }
    return try JSONDecoder().decode(Figures.self, from: answer)
}

/// The whole program: prints its error and ends with that error's exit code.
public func benchmark(_ main: () throws -> Void) {
    do {
        try main()
    } catch {
        FileHandle.standardError.write(Data("\(error)\n".utf8))
        exit((error as? any UserFacingError)?.exitCode.rawValue ?? ExitCode.internalError.rawValue)
    }
}
