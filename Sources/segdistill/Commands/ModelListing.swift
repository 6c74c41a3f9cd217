import Foundation
import SegModels
import Torch
import TorchNN

/// A row of `models list --json`: a name and what its network's card says.
struct ModelListing: Encodable {
    /// Of this package or, with a colon, of another library.
    let name: String
    /// This package's name for the network.
    let network: String
    /// The side of the square images it was trained on; nil when it takes any as well as any other.
    let inputSize: Int?
    let sizeMultiple: Int
    /// `RGB` or `BGR`; `mean` and `std` are in that order, of values times `scale`.
    let order: String
    let scale: Double
    let mean: [Double]
    let std: [Double]
    let licence: String
    let source: String
    /// Of the published weights on the hub: `owner/name`.
    let repository: String?

    private init(_ name: String, _ card: ModelCard) {
        self.name = name
        network = card.name
        (inputSize, sizeMultiple) = (card.inputSize, card.sizeMultiple)
        (order, scale) = (card.normalization.order.rawValue, card.normalization.scale)
        (mean, std) = (card.normalization.mean, card.normalization.std)
        (licence, source, repository) = (card.license, card.source, card.repository)
    }

    /// - Parameters:
    ///   - backbones: this package's names; rows for their names elsewhere follow each.
    ///   - models: names of models that are no combination of a head and a backbone.
    static func json(_ backbones: [String], _ models: [String]) throws -> String {
        try LibTorch.load()
        let named = backbones.flatMap { [$0] + Models.aliases(of: $0) } + models
        let rows = try withoutInitialization {
            try named.map { ModelListing($0, try Models.network($0, classes: 19).card) }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(rows), as: UTF8.self)
    }
}
