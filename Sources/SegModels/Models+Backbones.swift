import Support

extension Models {
    private typealias Classifier = (name: String, make: @Sendable (_ classes: Int) -> Backbone)

    private static let resNets: [Classifier] = ResNet.Depth.allCases.map { depth in
        ("torchvision:resnet\(depth.rawValue)", { @Sendable classes in ResNet(depth, classes: classes) })
    }

    private static let classifiers: [Classifier] =
        resNets + [
            ("torchvision:mobilenet_v2", { @Sendable classes in MobileNetV2(classes: classes) }),
            ("timm:tf_efficientnet_lite0", { @Sendable classes in EfficientNetLite0(classes: classes) }),
        ]

    /// Names of the image classifiers that ``backbone(_:classes:)`` builds: `library:name`.
    public static var backboneNames: [String] { classifiers.map(\.name) }

    /// An image classifier by its name in another library, for comparisons with it.
    /// - Throws: `UserError` with the nearest name when there is none.
    public static func backbone(_ name: String, classes: Int = 1000) throws -> Backbone {
        if let found = classifiers.first(where: { $0.name == name }) { return found.make(classes) }
        let nearest = nearestName(to: name, in: backboneNames).map { "Did you mean '\($0)'? " } ?? ""
        throw UserError(
            "there is no backbone '\(name)'", hint: "\(nearest)Backbones: \(backboneNames.joined(separator: ", ")).",
            exitCode: .usage)
    }
}
