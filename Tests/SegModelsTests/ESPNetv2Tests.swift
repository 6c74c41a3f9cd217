import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct ESPNetv2Tests {
    /// PyTorch's step, in both layouts, through everything that is computed in other steps than PyTorch's. In float64, because
    /// sums over a small batch's normalised maps cancel: float32 leaves 1e-4 of the gradients.
    @Test(arguments: [MemoryFormat.contiguous, .channelsLast])
    func trainingStep(format: MemoryFormat) throws {
        try withTorchErrors {
            let fixture = try FixtureCase("step", of: "espnetv2")
            let model = try Models.make("espnetv2-s0.5", classes: 20)
            model.to(dtype: .float64, format: format)
            model.fillByFormula()
            let logits = model(try fixture.image(.float64).contiguous(format)).logits
            try fixture.check(logits, "logits", relative: 1e-9)
            backwardAgainstCotangent([logits])
            for (name, parameter) in model.namedParameters() {
                try fixture.check(try #require(parameter.grad, "\(name)"), "grad.\(name)", relative: 1e-9)
            }
            for (name, buffer) in model.namedBuffers() where buffer.dtype.isFloatingPoint && !name.hasSuffix("module_act.weight") {
                try fixture.check(buffer, "after.\(name)", relative: 1e-9)
            }
        }
    }
}
