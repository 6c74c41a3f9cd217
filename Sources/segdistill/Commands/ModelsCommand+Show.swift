import ArgumentParser
import Foundation
import SegModels
import Support
import Torch

extension ModelsCommand {
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A network's card, size, operations and taps.",
            discussion: """
                Examples:
                  segdistill models show segformer-b0 --classes 19 --height 512 --width 1024
                  segdistill models show dinov2-small
                """)

        @Argument(help: "The name of a model or a backbone, or library:name.")
        var name: String
        @Option(help: "Classes, for a model with a segmentation head.") var classes = 19
        @Option(help: "Pixels; the network's own input size unless given.") var height: Int?
        @Option(help: "Pixels; the network's own input size unless given.") var width: Int?

        func run() throws {
            try LibTorch.load()
            let size = height.map { ($0, width ?? $0) } ?? width.map { ($0, $0) }
            let summary = try ModelSummary(name, classes: classes, size: size)
            let card = summary.card
            var facts = TextTable("", "")
            facts.append(["parameters", "\(summary.parameters.formatted()) (\(millions(summary.parameters)) M)"])
            facts.append(["operations", "\(String(format: "%.2f", Double(summary.operations) / 1e9)) GMACs for one image"])
            facts.append(["input", input(card)])
            facts.append(["pixels", pixels(card.normalization)])
            facts.append(["licence", card.license])
            facts.append(["source", card.source])
            if let repository = card.repository { facts.append(["weights", repository]) }
            let aliases = Models.aliases(of: name)
            if !aliases.isEmpty { facts.append(["elsewhere", aliases.joined(separator: ", ")]) }
            print("\(card.name)\n")
            print(facts.rows.map { "\($0[0].padding(toLength: 12, withPad: " ", startingAt: 0))\($0[1])" }.joined(separator: "\n") + "\n")
            var taps = TextTable("tap", "shape for one image")
            for tap in summary.taps { taps.append([tap.name, tap.shape.map(String.init).joined(separator: "×")]) }
            print(taps.text)
        }

        private func millions(_ count: Int) -> String { String(format: "%.2f", Double(count) / 1e6) }

        private func input(_ card: ModelCard) -> String {
            let trained = card.inputSize.map { "trained at \($0)×\($0); " } ?? ""
            let patch = card.patchSize.map { "patches of \($0); " } ?? ""
            return "\(trained)\(patch)sides in multiples of \(card.sizeMultiple)"
        }

        private func pixels(_ normalization: Normalization) -> String {
            func list(_ values: [Double]) -> String { values.map { String(format: "%.3f", $0) }.joined(separator: " ") }
            return "\(normalization.order.rawValue), mean \(list(normalization.mean)), std \(list(normalization.std))"
        }
    }
}
