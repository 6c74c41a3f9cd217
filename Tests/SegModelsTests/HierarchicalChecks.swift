import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// What the tests of hierarchical backbones share.
extension ZooCase {
    /// The folder's network in float32: the formula's weights are written in float64.
    func model() throws -> VisionModel { try withFiles { try ModelFolder($0).load() }.to(dtype: .float32) }

    func check(_ taps: Taps, relative: Double = 1e-4) throws {
        for tap in settings.taps { try check(#require(taps[tap]), tap, relative: relative) }
    }

    /// Loads the file, which another library wrote, into `model` and compares every tap.
    func checkWeights(of model: Backbone, training: Bool = false) throws {
        try model.load(weights: weights, from: name)
        let image = try image
        let taps = withoutGradients { model.train(training).record(settings.taps, of: image) }
        try check(taps)
    }

    /// Gradients of the sum over the taps of tap · cos(row-major index).
    /// - Parameter names: for the other library's name, this package's, and the rows that are meant if it is a part.
    func checkGradients(_ names: [String: [String]]) throws {
        let model = try model()
        let image = try image
        image.requiresGrad = true
        model.markTrainable()
        let taps = model.record(settings.taps, of: image)
        let terms = try settings.taps.map { tap in
            let value = try #require(taps[tap])
            return (value * Tensor.arange(0, value.count, dtype: .float32).cos().reshape(value.shape)).sum()
        }
        terms.dropFirst().reduce(terms[0], +).backward()
        try check(#require(image.grad), "grad.image")
        let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters())
        for (theirs, ours) in names {
            var gradient = try #require(parameters[ours[0]]?.grad)
            if ours.count == 3 { gradient = gradient.slice(0, Int(ours[1]), Int(ours[2])) }
            try check(gradient, "grad.\(theirs)")
        }
    }

    /// What loading the folder says after a change of its configuration; nil if it loads.
    func message(_ change: (inout [String: Any]) -> Void) throws -> String? {
        try withFiles { folder in
            let url = folder.appendingPathComponent("config.json")
            var values = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
            change(&values)
            try JSONSerialization.data(withJSONObject: values).write(to: url)
            do {
                _ = try ModelFolder(folder).load()
                return nil
            } catch let error as any UserFacingError {
                return "\(error)"
            }
        }
    }
}

/// A pass for an early tap gives what the whole pass gives, and less is computed.
func checkEarlyStop(_ model: Backbone, _ shape: [Int]) throws {
    let image = formula("image", shape)
    try withoutGradients {
        let names = (1...4).map { "stage\($0)" }
        let whole = model.record(names, of: image)
        var counts: [Int] = []
        for name in names {
            var part = Taps()
            counts.append(OperationCount.of { part = model.record([name], of: image) })
            try assertClose(#require(part[name]), #require(whole[name]), relative: 0)
        }
        #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 < $1 })
    }
}

/// bfloat16 by autocast and as the type of the weights, and images channels last: close to float32, and of the same shape.
func checkMixedPrecision(_ model: Backbone, _ shape: [Int]) throws {
    let image = formula("image", shape)
    let names = ["stage1", "stage4"] + (model.tapChannels["logits"] == nil ? [] : ["logits"])
    try withoutGradients {
        let full = model.record(names, of: image)
        let channelsLast = model.record(names, of: image.contiguous(.channelsLast))
        let autocast = withAutocast(.bfloat16, on: .cpu) { model.record(names, of: image) }
        model.to(dtype: .bfloat16)
        let half = model.record(names, of: image.to(.bfloat16))
        for name in names {
            let expected = try #require(full[name])
            try assertClose(#require(channelsLast[name]), expected, relative: 1e-5)
            try assertClose(#require(autocast[name]).float, expected, relative: 0.1)
            try assertClose(#require(half[name]).float, expected, relative: 0.1)
        }
    }
}

/// A folder that is written from a loaded one holds the same network, under names that the library itself saves.
func checkExport(_ name: String, of file: String) throws {
    let reference = try ZooCase(name, of: file)
    let model = try reference.model()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("export-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try ModelFolder.write(model, to: folder)
    let names = try Tensor.load(folder.appendingPathComponent("model.safetensors")).keys
    #expect(Set(names).subtracting(reference.settings.shapes.keys) == [])
    let image = try reference.image
    let again = try ModelFolder(folder).load()
    let taps = withoutGradients { again.record(reference.settings.taps, of: image) }
    try reference.check(taps)
}
