import SegModels
import SegTesting
import Torch
import TorchNN

/// One pass of a network in training mode: taps from batch statistics, gradients, and the running statistics afterwards, under names that
/// are the same in the other library and here.
func checkTraining(
    _ name: String, of file: String, _ network: Backbone, format: MemoryFormat, gradients: [String], statistics: [String],
    relative: Double = 1e-4
) throws {
    try withTorchErrors {
        let reference = try ZooCase(name, of: file)
        try network.load(weights: reference.weights, from: name)
        network.train().to(format: format)
        let image = try reference.image.contiguous(format)
        image.requiresGrad = true
        var taps = Taps(reference.settings.taps)
        network.forward(image, taps: &taps)
        for tap in reference.settings.taps { try reference.check(unwrap(taps[tap], "no tap \(tap)"), tap, relative: relative) }
        backwardAgainstCotangent(reference.settings.taps.sorted().map { taps[$0]! })
        try reference.check(unwrap(image.grad, "no gradient"), "grad.image", relative: 2e-4)
        let parameters = Dictionary(uniqueKeysWithValues: network.namedParameters())
        for name in gradients {
            try reference.check(unwrap(parameters[name]?.grad, "no gradient of \(name)"), "grad.\(name)", relative: 2e-4)
        }
        let buffers = Dictionary(uniqueKeysWithValues: network.namedBuffers())
        for name in statistics { try reference.check(unwrap(buffers[name], "no \(name)"), "after.\(name)", relative: relative) }
    }
}
