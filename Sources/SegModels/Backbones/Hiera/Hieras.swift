import TorchNN

extension BackboneKind {
    /// Of the weights pretrained by masked autoencoding.
    static let hieraLicense = "CC-BY-NC-4.0"

    static let hieras: [BackboneKind] =
        [
            hiera("tiny", 96, 1, [1, 2, 7, 2]), hiera("small", 96, 1, [1, 2, 11, 2]), hiera("base", 96, 1, [2, 3, 16, 3]),
            hiera("base-plus", 112, 2, [2, 3, 16, 3]), hiera("large", 144, 2, [2, 6, 36, 4]), hiera("huge", 256, 4, [2, 6, 36, 4]),
            abswin("small", [1, 2, 11, 2]) { ($0.coarsePositions, $0.projects) = ([16, 16], false) },
            abswin("base", [2, 3, 16, 3]) { $0.coarsePositions = [14, 14] },
            sam2("tiny", 96, 1, [1, 2, 7, 2], [5, 7, 9]), sam2("small", 96, 1, [1, 2, 11, 2], [7, 10, 13]),
            sam2("base-plus", 112, 2, [2, 3, 16, 3], [12, 16, 20]) { $0.coarsePositions = [14, 14] },
            sam2("large", 144, 2, [2, 6, 36, 4], [23, 33, 43]) { $0.windows = [8, 4, 16, 8] },
        ]

    private static func hiera(_ size: String, _ width: Int, _ heads: Int, _ depths: [Int]) -> BackboneKind {
        let name = "hiera_\(size.replacing("-", with: "_"))_224"
        return BackboneKind(
            "hiera-\(size)", aliases: ["timm:\(name)", "timm:\(name).mae_in1k_ft_in1k", "timm:\(name).mae", "hiera:\(name)"],
            license: hieraLicense, source: "Ryali et al. 2023", repository: "facebook/hiera-\(size)-224-in1k-hf"
        ) { Hiera(.init(width: width, heads: heads, depths: depths), classes: $0.classes) }
    }

    private static func abswin(
        _ size: String, _ depths: [Int], _ change: @escaping @Sendable (inout Hiera.Configuration) -> Void
    ) -> BackboneKind {
        let name = "timm:hiera_\(size)_abswin_256"
        let tags =
            size == "small" ? ["sbb2_e200_in12k_ft_in1k", "sbb2_pd_e200_in12k_ft_in1k", "sbb2_e200_in12k", "sbb2_pd_e200_in12k"] : []
        return BackboneKind(
            "hiera-\(size)-abswin", aliases: [name] + tags.map { "\(name).\($0)" }, inputSize: 256, license: "Apache-2.0",
            source: "Bolya et al. 2023, timm", repository: tags.first.map { "timm/hiera_\(size)_abswin_256.\($0)" }
        ) { options in
            var shape = Hiera.Configuration(width: 96, heads: 1, depths: depths)
            (shape.imageSize, shape.layerScale) = ([256, 256], 1e-5)
            change(&shape)
            return Hiera(shape, classes: options.classes)
        }
    }

    private static func sam2(
        _ size: String, _ width: Int, _ heads: Int, _ depths: [Int], _ globalBlocks: [Int],
        _ change: @escaping @Sendable (inout HieraDet.Configuration) -> Void = { _ in }
    ) -> BackboneKind {
        let name = "timm:sam2_hiera_\(size.replacing("-", with: "_"))"
        let tag = size == "large" ? "fb_r1024" : "fb_r896"
        return BackboneKind(
            "sam2-hiera-\(size)", aliases: [name, "\(name).\(tag)", "\(name).\(tag)_2pt1"], inputSize: 1024, license: "Apache-2.0",
            source: "Ravi et al. 2024, SAM 2", repository: "facebook/sam2.1-hiera-\(size)"
        ) { options in
            var shape = HieraDet.Configuration(width: width, heads: heads, depths: depths, globalBlocks: globalBlocks)
            change(&shape)
            return HieraDet(shape, classes: options.classes)
        }
    }
}
