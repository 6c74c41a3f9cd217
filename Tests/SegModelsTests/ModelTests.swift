import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

@Suite struct ModelTests {
    @Test func unknownNamesAreRefusedWithTheNearest() {
        #expect { _ = try Models.make("deeplab-resnet18", classes: 3) } throws: { error in
            "\(error)".contains("there is no model 'deeplab-resnet18'") && "\(error)".contains("Did you mean 'deeplabv3-resnet18'?")
        }
        #expect { _ = try Models.backbone("torchvision:resnet19") } throws: { "\($0)".contains("'torchvision:resnet18'") }
        #expect(throws: UserError.self) { _ = try Models.make("espnetv2-s0.5", classes: 0) }
        #expect(throws: UserError.self) { _ = try Models.make("espnet", classes: 4) }
    }

    /// One network, whose weights in several libraries were trained on other pixels and sizes.
    @Test func cardsOfOtherLibraries() throws {
        func card(_ name: String) throws -> ModelCard { try withoutInitialization { try Models.backbone(name).card } }
        #expect(try card("vit-base-patch16").normalization.mean == [0.5, 0.5, 0.5])
        #expect(try card("timm:vit_base_patch16_224").normalization.mean == [0.5, 0.5, 0.5])
        #expect(try card("torchvision:vit_b_16").normalization == .imageNet)
        #expect(try card("torchvision:vit_b_16").license == "BSD-3-Clause")
        #expect(try card("eva02-base").inputSize == 448)
        #expect(try card("timm:eva02_base_patch14_224").inputSize == 224)
        #expect(try card("timm:sam2_hiera_tiny.fb_r896").inputSize == 896)
        #expect(try card("timm:resnet50.a1_in1k").license == "Apache-2.0")
        #expect(try card("timm:resnet50.tv_in1k").license == "BSD-3-Clause")
    }

    @Test func optionsThatAModelDoesNotHaveAreRefused() {
        #expect { _ = try Models.make("espnetv2-s0.5", classes: 3, options: .init(outputStride: 8)) } throws: {
            "\($0)".contains("espnetv2-s0.5 has no option 'outputStride'")
        }
        #expect { _ = try Models.make("espnet", classes: 5, options: .init(hasAuxiliaryHead: true)) } throws: {
            "\($0)".contains("espnet has no option 'auxiliaryHead'")
        }
        #expect { _ = try Models.make("fcn-resnet18", classes: 3, options: .init(outputStride: 12)) } throws: {
            "\($0)".contains("It can be 8, 16 or 32")
        }
    }

    /// The declared channels and strides are the real ones, and channels-last images stay so through the whole network.
    @Test(
        arguments: [
            "espnet", "espnet-q3", "espnet-camvid", "espnet-c", "espnetv2-s0.5", "espnetv2-s1.25", "fcn-resnet18", "pspnet-resnet18",
            "deeplabv3-mobilenetv2", "lraspp-mobilenetv2", "lraspp-resnet50", "pspnet-efficientnet-lite0",
        ])
    func tapsAreAsDeclared(name: String) throws {
        try withTorchErrors {
            let model = try Models.make(name, classes: 5)
            model.to(format: .channelsLast)
            let image = Tensor.randn([2, 3, 96, 128]).contiguous(.channelsLast)
            var taps = Taps(model.tapChannels.keys)
            let output = withoutGradients { model.eval().forward(image, taps: &taps) }
            #expect(Set(taps.tensors.keys) == Set(model.tapChannels.keys))
            for (name, tensor) in taps.tensors {
                let stride = try #require(model.tapStrides[name])
                #expect(tensor.shape == [2, model.tapChannels[name], 96 / stride, 128 / stride], "\(name)")
                #expect(tensor.isContiguous(.channelsLast), "\(name) is not channels last")
            }
            #expect(taps["logits"]?.equals(output.logits) == true)
            var none = Taps()
            _ = withoutGradients { model.forward(image, taps: &none) }
            #expect(none.tensors.isEmpty, "nothing is kept unasked")
        }
    }

    /// What a training step needs of every family: gradients of all parameters, from images of any size.
    @Test(arguments: ["espnet", "espnetv2-s0.5", "fcn-mobilenetv2", "pspnet-resnet18", "deeplabv3-resnet18", "lraspp-efficientnet-lite0"])
    func everyParameterLearns(name: String) throws {
        try withTorchErrors {
            let isESPNet = name.hasPrefix("espnet")
            let model = try Models.make(name, classes: 5, options: .init(hasAuxiliaryHead: !isESPNet))
            let output = model(Tensor.randn([2, 3, 75, 91]))
            #expect((output.auxiliary != nil) == !isESPNet)
            var loss = model.resize(output.logits, to: [75, 91]).square().mean()
            if let auxiliary = output.auxiliary { loss = loss + auxiliary.square().mean() }
            loss.backward()
            for (name, parameter) in model.namedParameters() {
                let gradient = try #require(parameter.grad, "\(name) has no gradient")
                #expect(gradient.isFinite().all().item() == 1, "\(name)")
            }
        }
    }

    /// Every backbone alone, and every head on the first backbones that it fits.
    @Test func everyNameIsBuiltWithItsOwnCard() throws {
        #expect(Models.names.count == Set(Models.names).count)
        try withoutInitialization {
            for card in Models.backboneCards where !card.name.hasSuffix("giant") && !card.name.hasSuffix("huge") {
                let backbone = try Models.backbone(card.name)
                #expect(backbone.card.name == card.name)
            }
        }
        let combined = Models.headCards.flatMap { head in head.backbones.prefix(2).map { "\(head.name)-\($0)" } }
        for name in combined + Models.ownNames where !name.contains("large") {
            let model = try withoutInitialization { try Models.make(name, classes: 6) }
            #expect(model.card.name == name)
            #expect(model.card.classes == 6)
            #expect(model.tapChannels["logits"] == 6)
        }
    }

    @Test func pixelsAreNormalisedInTheNetworksOwnOrder() throws {
        try withTorchErrors {
            let images = Tensor((0..<24).map { UInt8($0 * 10) }, shape: [1, 2, 4, 3])
            let rgb = try Models.make("espnetv2-s0.5", classes: 3).normalize(images)
            #expect(rgb.shape == [1, 3, 2, 4])
            #expect(rgb.isContiguous(.channelsLast))
            try assertClose(rgb[0, 1, 0, 2].item(), (70 / 255.0 - 0.456) / 0.224, relative: 1e-6)
            let bgr = try Models.make("espnet-camvid", classes: 12).normalize(images)
            #expect(bgr.isContiguous(.channelsLast))
            // The first channel is blue.
            try assertClose(bgr[0, 0, 1, 0].item(), (140 - 110.331_39) / 72.125_206 / 255, relative: 1e-6)
        }
    }
}
