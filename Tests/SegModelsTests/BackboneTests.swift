import SegModels
import SegTesting
import Testing
import Torch

@Suite struct BackboneTests {
    static let taps = ["stage1", "stage2", "stage3", "stage4", "logits"]

    static func backbone(of fixture: String) -> Backbone {
        switch fixture {
        case "resnet18", "resnet18.wide", "resnet18.train": ResNet(.d18, classes: 7)
        case "resnet18.dilated8": ResNet(.d18, outputStride: 8, classes: 7)
        case "resnet34": ResNet(.d34, classes: 7)
        case "resnet50": ResNet(.d50, classes: 7)
        case "resnet50.dilated8": ResNet(.d50, outputStride: 8, classes: 7)
        case "resnet50.dilated16": ResNet(.d50, outputStride: 16, classes: 7)
        case "resnet101": ResNet(.d101, classes: 7)
        case "mobilenet_v2": MobileNet(.v2(), classes: 7)
        default: MobileNet(.lite(width: 1, depth: 1, dropout: 0.2), classes: 7)
        }
    }

    /// Weights for a network by formula, under the names of the published files.
    static func weights(for network: Backbone) throws -> [String: Tensor] {
        let isLite = network is MobileNet && network.channels[1] == 40
        let map = try #require(network.keyMaps.first { $0.origin == (isLite ? .official : .torchvision) })
        let names = try map.inverted(network.stateDict().filter { $0.1.dtype.isFloatingPoint })
        return Dictionary(uniqueKeysWithValues: names.map { ($0.0, formulaWeight($0.0, $0.1.shape)) })
    }

    @Test(
        "Torchvision's and timm's networks",
        arguments: [
            "resnet18", "resnet18.wide", "resnet18.dilated8", "resnet34", "resnet50", "resnet50.dilated8", "resnet50.dilated16",
            "resnet101", "mobilenet_v2", "efficientnet_lite0", "efficientnet_lite0.odd",
        ])
    func evaluation(name: String) throws {
        try withTorchErrors {
            let fixture = try FixtureCase(name)
            let backbone = Self.backbone(of: name)
            try backbone.load(weights: Self.weights(for: backbone), from: name)
            backbone.eval()
            for format in [MemoryFormat.contiguous, .channelsLast] {
                backbone.to(format: format)
                var taps = Taps(Self.taps)
                _ = try withoutGradients { backbone.forward(try fixture.image().contiguous(format), taps: &taps) }
                try fixture.check(taps)
            }
        }
    }

    /// Gradients of the first layers pass through seventeen batch normalisations over few values: 1e-4 is what float32 leaves.
    @Test func trainingStepOfResNet18() throws {
        try withTorchErrors {
            let fixture = try FixtureCase("resnet18.train")
            let backbone = Self.backbone(of: fixture.name)
            backbone.fillByFormula()
            var taps = Taps(Self.taps)
            let logits = try #require(backbone.forward(try fixture.image(), taps: &taps))
            try fixture.check(taps)
            backwardAgainstCotangent([logits])
            for (name, parameter) in backbone.namedParameters() {
                try fixture.check(try #require(parameter.grad), "grad.\(name)", relative: 1e-4)
            }
            for (name, buffer) in backbone.namedBuffers() where buffer.dtype.isFloatingPoint {
                try fixture.check(buffer, "after.\(name)")
            }
        }
    }

    /// Every dilation that keeps the stride gives maps of the declared strides and channels.
    @Test(arguments: [8, 16, 32]) func mapsHaveTheDeclaredSize(outputStride: Int) throws {
        try withTorchErrors {
            let image = Tensor.zeros([1, 3, 64, 96])
            let all = [
                ResNet(.d18, outputStride: outputStride), MobileNet(.v2(), outputStride: outputStride),
                MobileNet(.v3(isLarge: false), outputStride: outputStride),
                MobileNet(.lite(width: 1, depth: 1, dropout: 0.2), outputStride: outputStride),
            ]
            for backbone in all as [Backbone] {
                var taps = Taps()
                let maps = withoutGradients { backbone.eval().stages(image, taps: &taps) }
                for (index, map) in maps.enumerated() {
                    let stride = backbone.strides[index]
                    #expect(map.shape == [1, backbone.channels[index], 64 / stride, 96 / stride])
                }
                #expect(backbone.strides[3] == outputStride)
                #expect(backbone.classify(maps[3]) == nil)
            }
        }
    }
}
