import Foundation
import SegModels
import SegTesting
import Support
import Torch
import TorchNN

/// Checks that every family of encoders has in common.

/// Loads a case's tensors into a network that the test built, and compares every tap, and gradients where there are any.
/// - Parameter gradients: names of parameters in the other library and here.
func checkBackbone(_ name: String, of file: String, _ model: Backbone, gradients: [(String, String)] = []) throws {
    let reference = try ZooCase(name, of: file)
    try model.load(weights: reference.weights, from: name)
    try withTorchErrors {
        model.eval()
        let image = try reference.image
        let taps = withoutGradients { model.record(reference.settings.taps, of: image) }
        for tap in reference.settings.taps { try reference.check(unwrap(taps[tap], "no tap \(tap)"), tap, relative: 1e-4) }
        if !gradients.isEmpty { try checkGradients(reference, model, gradients) }
    }
}

/// The gradients of a folder's network: of the image, and of parameters by their names in the other library and here.
func checkFolderGradients(_ name: String, of file: String, _ gradients: [(String, String)]) throws {
    let reference = try ZooCase(name, of: file)
    try reference.withFiles { folder in
        try withTorchErrors { try checkGradients(reference, ModelFolder(folder).load().to(dtype: .float32), gradients) }
    }
}

private func checkGradients(_ reference: ZooCase, _ model: VisionModel, _ gradients: [(String, String)]) throws {
    let image = try reference.image
    image.requiresGrad = true
    let taps = model.record(reference.settings.taps, of: image)
    backwardAgainstCotangent(taps.tensors.sorted { $0.key < $1.key }.map(\.value))
    try reference.check(unwrap(image.grad, "no gradient"), "grad.image", relative: 2e-4)
    let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters())
    for (theirs, own) in gradients {
        try reference.check(unwrap(parameters[own]?.grad, "no gradient of \(own)"), "grad.\(theirs)", relative: 2e-4)
    }
}

/// The message with which a folder is refused whose config.json has another value under `key`, here or in an object inside.
func refusal(of reference: ZooCase, _ key: String, _ value: Any) throws -> String {
    try reference.withFiles { folder in
        let url = folder.appendingPathComponent("config.json")
        var config = try unwrap(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any], "no object")
        config[key] = value
        try JSONSerialization.data(withJSONObject: config).write(to: url)
        do {
            _ = try ModelFolder(folder).load()
        } catch { return "\(error)" }
        throw UserError("\(key) = \(value) was taken")
    }
}

/// An early tap alone is what a whole pass gives, and what comes after it is not computed: not even parameters of nonsense are looked at.
func checkEarlyStop(_ model: Backbone, early: String, late: String, size: [Int]) throws {
    try withTorchErrors {
        model.eval()
        let image = formula("image", [1, 3] + size)
        try withoutGradients {
            var whole = Taps([early, late])
            _ = model.forward(image, taps: &whole)
            let parameters = model.namedParameters().filter { $0.0.hasPrefix("blocks.") }
            let last = try unwrap(parameters.compactMap { Int($0.0.split(separator: ".")[1]) }.max(), "no blocks")
            // A parameter of a shape that the last block can't compute with.
            for (name, parameter) in parameters where name == "blocks.\(last).norm1.weight" { parameter.setData(.zeros([1, 2, 3])) }
            let alone = model.record([early], of: image)
            try assertClose(unwrap(alone[early], "no \(early)"), unwrap(whole[early], "no \(early)"), relative: 0)
        }
    }
}

/// Under autocast the network runs in bfloat16 and comes near what it gives in float32.
func checkBFloat16(_ model: Backbone, tap: String) throws {
    try withTorchErrors {
        model.eval()
        let image = formula("image", [1, 3, 64, 96]).contiguous(.channelsLast)
        try withoutGradients {
            let exact = try unwrap(model.record([tap], of: image)[tap], "no tap")
            let rough = try withAutocast(.bfloat16, on: .cpu) { try unwrap(model.record([tap], of: image)[tap], "no tap").float }
            let error = ((rough - exact).square().mean() / exact.square().mean()).sqrt().item()
            guard error > 0, error < 0.05 else { throw UserError("bfloat16 differs by \(error)") }
        }
    }
}

/// A folder's network written as a folder again gives the same taps.
func checkRoundTrip(_ name: String, of file: String) throws {
    let reference = try ZooCase(name, of: file)
    try reference.withFiles { folder in
        let copy = folder.appendingPathComponent("copy")
        try ModelFolder.write(ModelFolder(folder).load(), to: copy)
        let outputs = try ModelParity.run(nil, weights: copy, inputs: ["image": reference.image])
        let found = Dictionary(uniqueKeysWithValues: outputs)
        for tap in reference.settings.taps { try reference.check(unwrap(found[tap], "no tap \(tap)"), tap, relative: 1e-4) }
    }
}

func unwrap<Value>(_ value: Value?, _ message: String) throws -> Value {
    guard let value else { throw UserError(message) }
    return value
}
