import Foundation
import Torch

// What an operator call costs: from Swift through the boxed bridge, from C++ directly, and, given an interpreter
// with PyTorch, from Python.
//
//   OperatorBenchmark [PYTHON]
//
// Tensors of one to four elements, no autograd, one thread; the fastest of several rounds, rounds of all taking turns.

let names = ["add", "relu", "matmul"]
let (rounds, calls) = (60, 5_000)

try LibTorch.load()
LibTorch.threads = 1
let direct = try openDirectCalls()
let x = Tensor.ones([1])
let y = Tensor.ones([1])
let square = Tensor.ones([2, 2])

func microseconds(_ calls: Int, _ body: () -> Void) -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    for _ in 0..<calls { body() }
    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1000 / Double(calls)
}

func swiftMicroseconds(_ name: String) -> Double {
    withoutGradients {
        switch name {
        case "add": microseconds(calls) { _ = x + y }
        case "relu": microseconds(calls) { _ = F.relu(x) }
        default: microseconds(calls) { _ = square.matmul(square) }
        }
    }
}

let python = CommandLine.arguments.count > 1 ? try pythonMicroseconds(CommandLine.arguments[1]) : [:]
print("operator   C++ µs   Swift µs   more µs" + (python.isEmpty ? "" : "   Python µs   Swift/Python"))
for name in names {
    var (cpp, swift) = (Double.infinity, Double.infinity)
    for _ in 0..<rounds {
        cpp = min(cpp, name.withCString { direct($0, 1, Int32(calls)) })
        swift = min(swift, swiftMicroseconds(name))
    }
    var line = String(format: "%-8@ %8.3f %10.3f %9.3f", name as NSString, cpp, swift, swift - cpp)
    if let other = python[name] { line += String(format: " %11.3f %14.2f", other, swift / other) }
    print(line)
}

let before = residentMegabytes()
_ = withoutGradients { microseconds(1_000_000) { _ = (x + y).reshape(1, 1).max(1) } }
print(String(format: "memory before and after three million calls: %.1f and %.1f MB", before, residentMegabytes()))
