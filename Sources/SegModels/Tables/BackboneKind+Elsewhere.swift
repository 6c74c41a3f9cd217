import TorchNN

extension BackboneKind {
    /// What the weights of other libraries say of themselves, where the row's card says otherwise. timm's names without a tag stand for
    /// the weights that timm takes for them.
    struct Elsewhere: Sendable {
        /// Of names, `*` standing for any characters.
        let pattern: String
        var normalization: Normalization?
        var inputSize: Int?
        var license: String?

        init(_ pattern: String, _ normalization: Normalization? = nil, inputSize: Int? = nil, license: String? = nil) {
            (self.pattern, self.normalization, self.inputSize, self.license) = (pattern, normalization, inputSize, license)
        }
    }

    private static let apache = "Apache-2.0"

    /// All that fit a name count, later ones before earlier ones.
    static let elsewhere = [
        Elsewhere("torchvision:*", license: "BSD-3-Clause"),
        Elsewhere("torchvision:vit_*", .imageNet),
        Elsewhere("timm:vit_*_clip_224", license: apache),
        Elsewhere("timm:vit_*_clip_quickgelu_224.openai", license: apache),
        Elsewhere("timm:vit_base_patch16_clip_quickgelu_224", license: "CC-BY-NC-4.0 (MetaCLIP)"),
        Elsewhere("timm:vit_large_patch14_clip_quickgelu_224", license: "Apple ASCL (DFN)"),
        Elsewhere("timm:vit_large_patch14_clip_224", .half),
        Elsewhere("timm:eva02_*_patch14_224", inputSize: 224), Elsewhere("timm:eva02_*_patch14_336", inputSize: 336),
        Elsewhere("timm:sam2_hiera_*", inputSize: 896), Elsewhere("timm:sam2_hiera_large*", inputSize: 1024),
        Elsewhere("timm:resnet*", license: apache), Elsewhere("timm:resnet*.tv_in1k", license: "BSD-3-Clause"),
        Elsewhere("timm:resnet101d", inputSize: 256),
        Elsewhere("timm:mobilenet*", license: apache),
        Elsewhere("timm:hrnet_w18_small", license: apache), Elsewhere("timm:hrnet_w18_small_v2", license: apache),
        Elsewhere("timm:convnext_*", license: apache),
        Elsewhere("timm:convnextv2_huge", inputSize: 384),
    ]
}

extension ModelCard {
    /// The card of the weights that another library has under `name`; unchanged for this package's own names.
    mutating func take(from name: String) {
        for row in BackboneKind.elsewhere where matches(name, row.pattern) {
            normalization = row.normalization ?? normalization
            inputSize = row.inputSize ?? inputSize
            license = row.license ?? license
        }
    }
}
