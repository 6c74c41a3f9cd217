extension KeyMap {
    /// A whole network of torchvision on MobileNetV3; those on ResNet have this package's names.
    static let torchvisionMobile = KeyMap("torchvision's MobileNetV3 with a head", .torchvision, recognizedBy: ["backbone.0.0.weight"])

    /// A whole network of mmsegmentation: `backbone`, `decode_head` and, for training, `auxiliary_head`.
    /// - Parameter rules: of the head; what they leave is renamed to `classifier`.
    static func mmseg(_ file: String, recognizedBy: [String], butNot: [String] = [], rules: [Rule] = []) -> KeyMap {
        KeyMap(
            file, .mmseg, recognizedBy: recognizedBy, butNot: butNot,
            rules: rules + [.rename("decode_head.*", to: "classifier.*")])
    }
}
