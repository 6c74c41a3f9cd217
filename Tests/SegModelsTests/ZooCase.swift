import Foundation
import SegModels
import SegTesting
import Support
import Torch
import TorchNN

/// One network of another library, as `scripts/reference/zoo.py` writes it: its configuration, the names and shapes of its
/// tensors (filled by formula, so that no weights are committed), and statistics of its taps and gradients.
struct ZooCase {
    struct Settings: Decodable {
        /// `config.json` as text; nil for networks that come as a bare file.
        let config: String?
        let input: [Int]
        let shapes: [String: [Int]]
        let taps: [String]
    }

    let name: String
    let settings: Settings
    private let statistics: FixtureCase

    init(_ name: String, of file: String) throws {
        self.name = name
        statistics = try FixtureCase(name, of: file)
        settings = try statistics.settings(as: Settings.self)
    }

    var image: Tensor { get throws { try statistics.image() } }

    /// The tensors of the other library's file.
    var weights: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: settings.shapes.map { name, shape in (name, formulaWeight(name, shape)) })
    }

    /// Writes the folder, or the bare file, and hands its place to `body`.
    func withFiles<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("zoo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("model.safetensors")
        try Tensor.save(weights.sorted { $0.key < $1.key }, to: file)
        guard let config = settings.config else { return try body(file) }
        try Data(config.utf8).write(to: folder.appendingPathComponent("config.json"))
        return try body(folder)
    }

    /// Loads the files as a user does and compares every tap of the fixture.
    /// - Parameter model: what a bare file is; nil for folders.
    func checkParity(as model: String? = nil, relative: Double = 1e-4) throws {
        let outputs = try withFiles { try ModelParity.run(model, weights: $0, inputs: ["image": image]) }
        let found = Dictionary(uniqueKeysWithValues: outputs)
        for tap in settings.taps {
            guard let tensor = found[tap] else { throw UserError("\(name): no tap \(tap) among \(found.keys.sorted())") }
            try check(tensor, tap, relative: relative)
        }
    }

    /// Compares a tensor with the fixture's statistics under `key` (`grad.image`, say).
    func check(_ tensor: Tensor, _ key: String, relative: Double = 1e-4) throws {
        try statistics.check(tensor, key, relative: relative)
    }
}
