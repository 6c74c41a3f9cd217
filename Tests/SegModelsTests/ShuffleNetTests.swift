import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct ShuffleNetTests {
    @Test(arguments: ["x0.5", "x1.0"]) func evaluation(width: String) throws {
        let name = "torchvision:shufflenet_v2_\(width.replacing(".", with: "_"))"
        try ZooCase(width, of: "shufflenet").checkParity(as: name)
    }

    /// Batch statistics, gradients of the first and last layers, and the running statistics afterwards, in both layouts.
    @Test(arguments: [MemoryFormat.contiguous, .channelsLast]) func training(format: MemoryFormat) throws {
        try withTorchErrors {
            let fixture = try ZooCase("x0.5.train", of: "shufflenet")
            let network = try Models.backbone("shufflenetv2-x0.5", classes: 7)
            try network.load(weights: fixture.weights, from: "fixture")
            network.to(format: format)
            let image = try fixture.image.contiguous(format)
            image.requiresGrad = true
            var taps = Taps(fixture.settings.taps)
            network.forward(image, taps: &taps)
            for tap in fixture.settings.taps { try fixture.check(#require(taps[tap]), tap) }
            backwardAgainstCotangent(fixture.settings.taps.sorted().map { taps[$0]! })
            try fixture.check(#require(image.grad), "grad.image")
            for (name, parameter) in network.namedParameters() where ["conv1.0.weight", "fc.bias"].contains(name) {
                try fixture.check(#require(parameter.grad), "grad.\(name)")
            }
            for (name, buffer) in network.namedBuffers() where buffer.dtype.isFloatingPoint { try fixture.check(buffer, "after.\(name)") }
        }
    }
}
