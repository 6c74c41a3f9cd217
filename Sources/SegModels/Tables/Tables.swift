// What there is, in one place: a new family adds its word to a line here.

extension BackboneKind {
    static let all: [BackboneKind] = resNets + mobileNets + efficientNets + shuffleNets
}

extension HeadKind {
    static let all: [HeadKind] = classical
}

extension HuggingFaceFamily {
    static let all: [HuggingFaceFamily] = []
}

extension Models {
    static let table: [Entry] = espnet + espnetv2 + HeadKind.all.flatMap(\.entries)
}
