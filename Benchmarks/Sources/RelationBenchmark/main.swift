import Distill
import Foundation
import Measuring
import Recipes
import Support
import Torch

// Time and memory of one forward and backward pass of a relation loss.
//
//     RelationBenchmark skd|cirkd-minibatch|brd|gkd|sskd-contrast [--shape 8,256,64,128] [--set temperature=0.1] [--threads 2]
//                       [--rounds 3] [--python PYTHON [--rival-shape 8,256,64,64]] [--given]
//
// Every measurement is a process of its own. With --python, that interpreter runs python/relations.py in turns with it: the same loss as
// the textbook has it, on a smaller shape where the whole matrices would not fit. brd gets the stages of a ResNet-18 of stride 8 from
// both networks, gkd class tokens and the student's masked view as wide as its maps, sskd-contrast a strong view, and 100 queries' masks
// of four times the size and their 9 classes. With --given its negatives are given, not drawn: what drawing costs is the difference.
// Memory is the most that is resident during the pass, less what was before it, when the maps lay there. Linux only.

struct Figures: Codable {
    let seconds: Double
    let peak: Int
    let resident: Int
    let loss: Double
}

func measured(_ recipe: MethodRecipe, _ shape: [Int]) throws -> Figures {
    func maps(_ isStudent: Bool) -> [String: Tensor] {
        var shapes = ["features": shape]
        if recipe.name == "gkd" {
            shapes = ["patches": shape, "cls": Array(shape.prefix(2))]
            if isStudent { shapes["maskedPatches"] = shape }
        }
        if recipe.name == "sskd-contrast" {
            guard isStudent else { return [:] }
            shapes["strongFeatures"] = shape
            shapes["masks"] = [shape[0], 100, 4 * shape[2], 4 * shape[3]]
            shapes["classes"] = [shape[0], 100, 9]
        }
        if recipe.name == "brd" {
            for (index, channels) in [64, 128, 256, 512].enumerated() {
                let factor = index == 0 ? 2 : 1
                shapes["stage\(index + 1)"] = [shape[0], channels, factor * shape[2], factor * shape[3]]
            }
        }
        return shapes.mapValues { .rand($0) }
    }
    let (teacher, student) = (maps(false), maps(true))
    for (role, map) in student where !["strongFeatures", "masks", "classes"].contains(role) { map.requiresGrad = true }
    let method = try Methods.named(recipe.name).init(
        MethodSetup(
            settings: recipe.settings, teacherChannels: teacher.mapValues { $0.size(1) }, studentChannels: student.mapValues { $0.size(1) },
            classes: 2))
    var draws: [String: Tensor] = [:]
    if CommandLine.arguments.contains("--given") {
        let positions = shape[0] * shape[2] * shape[3]
        draws["negatives"] = .randint(0, positions, [positions, min(200, positions)])
    }
    try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
    let before = bytes("VmRSS")
    let clock = ContinuousClock()
    let start = clock.now
    let loss = method.loss(MethodInputs(teacher: teacher, student: student, draws: draws)).total
    loss.backward()
    let seconds = (clock.now - start) / .seconds(1)
    return Figures(seconds: seconds, peak: bytes("VmHWM") - before, resident: bytes("VmHWM"), loss: loss.item())
}

func show(_ name: String, _ shape: String, _ figures: [Figures]) -> (seconds: Double, peak: Double) {
    let seconds = figures.map(\.seconds).sorted()[figures.count / 2]
    let peak = Double(figures.map(\.peak).sorted()[figures.count / 2]) / 1e6
    let resident = Double(figures.map(\.resident).max()!) / 1e6
    print(
        "\(name), \(shape): \(fixed(seconds, 3)) s, \(fixed(peak, 0)) MB beside the maps, \(fixed(resident, 0)) MB in all, "
            + "loss \(significant(figures[0].loss))")
    return (seconds, peak)
}

func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    let name = arguments.first ?? "skd"
    let shape = value("--shape") ?? "8,256,64,128"
    let threads = value("--threads") ?? "2"
    var settings = arguments.indices.filter { arguments[$0] == "--set" }.map { arguments[$0 + 1] }
    if settings.isEmpty, name == "skd" { settings = ["pool=1"] }
    if settings.isEmpty, name == "brd" { settings = ["maxPositions=1048576"] }
    let recipe = try MethodRecipe.parse(Methods.named(name).schema, settings: settings)
    if arguments.contains("--once") {
        try LibTorch.load()
        LibTorch.threads = Int(threads)!
        _ = try measured(recipe, [4, 8, 8, 8])
        let figures = try measured(recipe, numbers(shape))
        return print(String(decoding: try JSONEncoder().encode(figures), as: UTF8.self))
    }
    let common = settings.flatMap { ["--set", $0] } + ["--threads", threads]
    let given = arguments.contains("--given") ? ["--given"] : []
    let rivalShape = value("--rival-shape") ?? shape
    let shapes = rivalShape == shape ? [shape] : [shape, rivalShape]
    var own: [String: [Figures]] = [:]
    var rival: [Figures] = []
    for _ in 0..<max(1, value("--rounds").flatMap { Int($0) } ?? 3) {
        for shape in shapes {
            own[shape, default: []].append(try run(CommandLine.arguments[0], [name, "--once", "--shape", shape] + common + given))
        }
        guard let python = value("--python") else { continue }
        rival.append(try run(python, [pythonScript("relations.py"), name, "--shape", rivalShape] + common))
    }
    var last = (seconds: 0.0, peak: 0.0)
    for shape in shapes { last = show(name, shape, own[shape]!) }
    guard !rival.isEmpty else { return }
    let other = show("PyTorch", rivalShape, rival)
    print("at \(rivalShape): \(fixed(other.seconds / last.seconds, 1))× as fast, 1/\(fixed(other.peak / last.peak, 0)) of the memory")
}

benchmark(main)
