extension BackboneKind {
    /// The authors' sizes; drop path as they trained them on ImageNet-1k.
    static let swins =
        [
            swin(
                "tiny", 96, [2, 2, 6, 2], 3, window: 7, dropPath: 0.2, torchvision: "swin_t",
                tags: ["ms_in1k", "ms_in22k_ft_in1k", "ms_in22k"]),
            swin(
                "small", 96, [2, 2, 18, 2], 3, window: 7, dropPath: 0.3, torchvision: "swin_s",
                tags: ["ms_in1k", "ms_in22k_ft_in1k", "ms_in22k"]),
            swin(
                "base", 128, [2, 2, 18, 2], 4, window: 7, dropPath: 0.5, torchvision: "swin_b",
                tags: ["ms_in1k", "ms_in22k_ft_in1k", "ms_in22k"]),
            swin("base", 128, [2, 2, 18, 2], 4, window: 12, dropPath: 0.5, tags: ["ms_in1k", "ms_in22k_ft_in1k", "ms_in22k"]),
            swin("large", 192, [2, 2, 18, 2], 6, window: 7, dropPath: 0.2, tags: ["ms_in22k_ft_in1k", "ms_in22k"]),
            swin("large", 192, [2, 2, 18, 2], 6, window: 12, dropPath: 0.2, tags: ["ms_in22k_ft_in1k", "ms_in22k"]),
        ]
        + [("tiny", 96, [2, 2, 6, 2], 3, 0.2), ("small", 96, [2, 2, 18, 2], 3, 0.3), ("base", 128, [2, 2, 18, 2], 4, 0.5)].flatMap {
            size, width, depths, heads, dropPath in
            [8, 16].map { swinV2(size, width, depths, heads, window: $0, dropPath: dropPath) }
        }

    private static func swin(
        _ size: String, _ width: Int, _ depths: [Int], _ heads: Int, window: Int, dropPath: Double, torchvision: String? = nil,
        tags: [String]
    ) -> BackboneKind {
        let input = window * 32
        let timm = "timm:swin_\(size)_patch4_window\(window)_\(input)"
        return BackboneKind(
            window == 7 ? "swin-\(size)" : "swin-\(size)-\(input)",
            aliases: [timm] + tags.map { "\(timm).\($0)" } + (torchvision.map { ["torchvision:\($0)"] } ?? []), inputSize: input,
            license: "MIT", source: "Liu et al. 2021, Microsoft",
            repository: "microsoft/swin-\(size)-patch4-window\(window)-\(input)"
        ) { options in
            var shape = Swin.Configuration(width: width, depths: depths, heads: heads, window: window, dropPath: dropPath)
            switch options.library {
            case "timm": (shape.shift, shape.shiftsBeforePadding, shape.shrinksWindows) = (.bySide, true, true)
            case "torchvision": (shape.shift, shape.padsPatches) = (.bySide, false)
            // As its authors segment with it, or classify.
            default: shape.shift = options.classes == nil ? .always : .unlessOneSideFits
            }
            return Swin(shape, classes: options.classes)
        }
    }

    private static func swinV2(
        _ size: String, _ width: Int, _ depths: [Int], _ heads: Int, window: Int, dropPath: Double
    ) -> BackboneKind {
        let timm = "timm:swinv2_\(size)_window\(window)_256"
        return BackboneKind(
            window == 8 ? "swinv2-\(size)" : "swinv2-\(size)-window16",
            aliases: [timm, "\(timm).ms_in1k"] + (window == 8 ? ["torchvision:swin_v2_\(size.prefix(1))"] : []), inputSize: 256,
            license: "MIT", source: "Liu et al. 2022, Microsoft", repository: "microsoft/swinv2-\(size)-patch4-window\(window)-256"
        ) { options in
            var shape = Swin.Configuration(width: width, depths: depths, heads: heads, window: window, dropPath: dropPath)
            (shape.isV2, shape.shrinksWindows) = (true, true)
            switch options.library {
            case "timm": (shape.shift, shape.shiftsBeforePadding) = (.bySide, true)
            case "torchvision": (shape.shift, shape.shrinksWindows, shape.padsPatches) = (.bySide, false, false)
            default: break
            }
            return Swin(shape, classes: options.classes)
        }
    }
}
