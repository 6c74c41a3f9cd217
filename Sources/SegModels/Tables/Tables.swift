// What there is, in one place: a new family adds its word to a line here.

extension BackboneKind {
    static let all: [BackboneKind] = transformers + convolutional
    private static let transformers = visionTransformers + sams + swins + mits + hieras
    private static let convolutional = resNets + mobileNets + efficientNets + shuffleNets + hrNets + stdcs + convNeXts
}

extension HeadKind {
    static let all: [HeadKind] = classical + dense + mmseg
}

extension HuggingFaceFamily {
    static let all: [HuggingFaceFamily] =
        visionTransformers + sams + swins + hieras + convNeXts + resNets + mobileNets + segmenters + [mask2former]
}

extension Models {
    static let table: [Entry] = espnet + espnetv2 + HeadKind.all.flatMap(\.entries) + mask2formers + torchvisions
}
