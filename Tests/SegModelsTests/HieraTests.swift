import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Hiera and SAM 2's encoder against transformers and timm (`scripts/reference/hiera.py`).
@Suite struct HieraTests {
    @Test(arguments: ["classifier", "resized", "options", "large-units", "global", "backbone", "backbone-some", "pretraining"])
    func hieraFoldersGiveTheSameTaps(name: String) throws { try ZooCase(name, of: "hiera").checkParity() }

    @Test(arguments: ["sam2-trunk", "sam2-options", "sam2-vision", "sam2-model"])
    func sam2FoldersGiveTheSameTaps(name: String) throws { try ZooCase(name, of: "hiera").checkParity() }

    private func tiny() -> Hiera.Configuration {
        var shape = Hiera.Configuration(width: 16, heads: 1, depths: [1, 1, 2, 1])
        shape.imageSize = [64, 64]
        return shape
    }

    private func detector() -> HieraDet.Configuration {
        var shape = HieraDet.Configuration(width: 16, heads: 1, depths: [1, 1, 3, 1], globalBlocks: [3])
        (shape.windows, shape.layerScale) = ([8, 4, 6, 3], 1e-5)
        return shape
    }

    @Test func timmsFilesGiveTheSameTaps() throws {
        try checkBackbone("timm", of: "hiera", Hiera(tiny(), classes: 5))
        var abswin = tiny()
        (abswin.imageSize, abswin.coarsePositions, abswin.layerScale, abswin.projects) = ([64, 96], [5, 5], 1e-5, false)
        try checkBackbone("timm-abswin", of: "hiera", Hiera(abswin, classes: 5))
        try checkBackbone("timm-sam2", of: "hiera", HieraDet(detector(), classes: 5))
    }

    @Test func gradientsAreTransformers() throws {
        try checkFolderGradients(
            "classifier", of: "hiera",
            [
                ("hiera.embeddings.position_embeddings", "pos_embed"),
                ("hiera.encoder.stages.1.layers.0.attn.qkv.weight", "blocks.1.attn.qkv.weight"),
                ("hiera.encoder.stages.2.layers.0.proj.bias", "blocks.3.proj.bias"),
                ("hiera.encoder.stages.3.layers.0.attn.qkv.bias", "blocks.5.attn.qkv.bias"),
            ])
        let names = ["pos_embed", "pos_embed_window", "blocks.1.attn.qkv.weight", "blocks.3.proj.weight", "blocks.6.attn.qkv.bias"]
        try checkFolderGradients("sam2-trunk", of: "hiera", names.map { ($0, $0) })
    }

    @Test func theAuthorsNamesAreUnderstood() throws {
        let weights = try ZooCase("timm", of: "hiera").weights
        var official = ["decoder_norm.weight": Tensor.zeros([4]), "mask_token": .zeros([1, 1, 4])]
        for (name, tensor) in weights {
            let theirs = ["head.norm.": "norm.", "head.fc.": "head.projection."].reduce(name) { $0.replacing($1.key, with: $1.value) }
            official[theirs] = tensor
        }
        #expect(try Hiera(tiny(), classes: 5).load(weights: official, from: "hiera.pth").loaded == weights.count)
        let trunk = try ZooCase("timm-sam2", of: "hiera").weights.filter { !$0.key.hasPrefix("head.") && !$0.key.contains(".ls") }
        var whole = ["image_encoder.neck.convs.0.conv.weight": Tensor.zeros([4]), "maskmem_tpos_enc": .zeros([4])]
        for (name, tensor) in trunk {
            let theirs = ["mlp.fc1": "mlp.layers.0", "mlp.fc2": "mlp.layers.1"].reduce(name) { $0.replacing($1.key, with: $1.value) }
            whole["model.image_encoder.trunk." + theirs] = tensor
        }
        whole = Dictionary(uniqueKeysWithValues: whole.map { ($0.key.hasPrefix("model.") ? $0.key : "model." + $0.key, $0.value) })
        var shape = detector()
        shape.layerScale = nil
        #expect(try HieraDet(shape).load(weights: whole, from: "sam2.pt").loaded == trunk.count)
    }

    @Test func aFileForImagesOfAnotherSizeFits() throws {
        var larger = tiny()
        larger.imageSize = [96, 96]
        let (source, model) = (Hiera(larger), Hiera(tiny()))
        try model.load(weights: Dictionary(uniqueKeysWithValues: source.stateDict()), from: "larger")
        let image = formula("image", [1, 3, 96, 96])
        let (a, b) = withoutGradients { (source.record(["stage4"], of: image), model.record(["stage4"], of: image)) }
        #expect(a["stage4"]!.equals(b["stage4"]!))
    }

    /// Sizes that are no multiple of what the network needs: the maps are as large as strides say.
    @Test func imagesOfAnySizeAreTaken() throws {
        let image = formula("image", [1, 3, 90, 122])
        let (hiera, det) = (Hiera(tiny()), HieraDet(detector()))
        let (units, windows) = withoutGradients {
            (hiera.record(["stage1", "stage4"], of: image), det.record(["stage1", "stage4"], of: image))
        }
        #expect(units["stage1"]!.shape == [1, 16, 23, 31] && units["stage4"]!.shape == [1, 128, 3, 4])
        #expect(windows["stage1"]!.shape == [1, 16, 23, 31] && windows["stage4"]!.shape == [1, 128, 2, 3])
    }

    @Test func wrongFilesAreRefusedByName() throws {
        let (hiera, det) = (Hiera(tiny()), HieraDet(detector()))
        #expect { try hiera.load(weights: Dictionary(uniqueKeysWithValues: det.stateDict()), from: "sam2.pt") } throws: {
            ($0 as? LoadError)?.unexpected.contains("pos_embed_window") == true
        }
        #expect { try det.load(weights: Dictionary(uniqueKeysWithValues: hiera.stateDict()), from: "hiera.pth") } throws: {
            ($0 as? LoadError)?.missing.contains("pos_embed_window") == true
        }
    }

    @Test func wrongConfigurationsAreRefused() throws {
        let hiera = try ZooCase("options", of: "hiera")
        #expect(try refusal(of: hiera, "depths", [1, 1, 1]).contains("four stages"))
        #expect(try refusal(of: hiera, "masked_unit_size", [4, 4]).contains("can't be pooled three times"))
        #expect(try refusal(of: hiera, "patch_padding", [0, 0]).contains("one token a stride"))
        let trunk = try ZooCase("sam2-trunk", of: "hiera")
        #expect(try refusal(of: trunk, "window_size_per_stage", [7, 4, 6, 3]).contains("can't be pooled"))
        #expect(try refusal(of: trunk, "hidden_size", 8).contains("hidden_size is 8"))
        #expect(
            try refusal(of: ZooCase("sam2-vision", of: "hiera"), "backbone_channel_list", [1, 2, 3, 4]).contains("widths of the stages"))
    }

    @Test func earlyTapsStopThePass() throws {
        try checkEarlyStop(Hiera(tiny()), early: "stage1", late: "stage4", size: [64, 96])
        try checkEarlyStop(HieraDet(detector()), early: "stage2", late: "stage4", size: [72, 96])
    }

    @Test func bfloat16Runs() throws {
        try checkBFloat16(Hiera(tiny(), classes: 5), tap: "stage4")
        try checkBFloat16(HieraDet(detector(), classes: 5), tap: "stage4")
    }

    @Test func foldersAreWrittenAndReadBack() throws {
        for name in ["classifier", "options", "backbone", "sam2-vision"] { try checkRoundTrip(name, of: "hiera") }
    }

    /// As many parameters as timm's networks have without a classifier.
    @Test(arguments: [
        ("hiera-tiny", 27_139_680), ("hiera-small", 34_237_536), ("hiera-base", 50_754_432), ("hiera-base-plus", 68_997_824),
        ("hiera-large", 212_584_608), ("hiera-huge", 670_726_656), ("hiera-small-abswin", 33_591_264), ("hiera-base-abswin", 50_496_768),
        ("sam2-hiera-tiny", 26_849_472), ("sam2-hiera-small", 33_947_328), ("sam2-hiera-base-plus", 68_675_712),
        ("sam2-hiera-large", 212_149_296),
    ])
    func tableHasTheAuthorsSizes(name: String, parameters: Int) throws {
        #expect(try withoutInitialization { try Models.backbone(name).parameterCount } == parameters)
    }

    @Test(arguments: ["timm:hiera_tiny_224.mae_in1k_ft_in1k", "timm:sam2_hiera_tiny.fb_r896_2pt1"]) func tapsAreAsDeclared(name: String)
        throws
    {
        let summary = try ModelSummary(name, classes: 5, size: (224, 256))
        #expect(summary.taps.first { $0.name == "stage4" }?.shape == [1, 768, 7, 8])
    }
}
