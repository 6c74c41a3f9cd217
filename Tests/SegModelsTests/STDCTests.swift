import SegModels
import SegTesting
import Testing
import Torch
import TorchNN

@Suite struct STDCTests {
    @Test(arguments: [1, 2]) func mmseg(_ number: Int) throws { try checkBackbone("stdc\(number)", of: "conv_mmseg", STDC(number)) }

    @Test func training() throws {
        let names = ["stages.0.conv.weight", "stages.3.0.downsample.conv.weight"]
        let statistics = ["stages.0.bn.running_mean", "stages.4.1.layers.3.bn.running_var"]
        let network = STDC(1)
        try checkTraining("stdc1-train", of: "conv_mmseg", network, format: .channelsLast, gradients: names, statistics: statistics)
    }

    /// The authors' names, by mmsegmentation's own conversion of their files.
    @Test func theAuthorsFile() throws {
        let reference = try ZooCase("stdc2", of: "conv_mmseg")
        let units = ["0", "1", "2.0", "2.1", "2.2", "2.3", "3.0", "3.1", "3.2", "3.3", "3.4", "4.0", "4.1", "4.2"]
        var tensors = ["conv_last.conv.weight": Tensor.zeros([1024, 1024, 1, 1]), "linear.weight": .zeros([1000, 1024])]
        for (name, tensor) in reference.weights {
            let unit = try #require(units.firstIndex { name.hasPrefix("stages.\($0).") })
            let rest = String(name.dropFirst("stages.\(units[unit]).".count))
            let theirs = rest.replacing("layers.", with: "conv_list.").replacing("downsample.conv", with: "avd_layer.0")
                .replacing("downsample.bn", with: "avd_layer.1")
            tensors["features.\(unit).\(theirs)"] = tensor
        }
        let model = STDC(2)
        try model.load(weights: tensors, from: "STDCNet1446")
        try withTorchErrors {
            let taps = try withoutGradients { try model.eval().record(["stage4"], of: reference.image) }
            try reference.check(#require(taps["stage4"]), "stage4")
        }
    }

    @Test func bfloat16() throws { try checkBFloat16(STDC(1), tap: "stage4") }
}
