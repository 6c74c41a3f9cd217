import ArgumentParser
import Foundation
import SegModels
import Support
import Torch

extension ModelsCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The networks by name.",
            discussion: """
                Examples:
                  segdistill models list
                  segdistill models list dinov2
                  segdistill models list --folders
                  segdistill models list vit --json
                """)

        @Argument(help: "Only names with this text in them, or whose aliases have it.")
        var text: String?

        @Flag(help: "The architectures of Hugging Face folders (config.json) that can be opened.")
        var folders = false

        @Flag(help: "As Markdown, with parameters, operations and strides: every network is run once, which takes minutes.")
        var markdown = false

        @Flag(help: "As JSON: a row for every name, those elsewhere too, with the network's card.")
        var json = false

        func run() throws {
            if folders { return printFolders() }
            let backbones = Models.backboneCards.filter { fits($0.name, Models.aliases(of: $0.name)) }
            let own = Models.ownNames.filter { fits($0, []) }
            guard !backbones.isEmpty || !own.isEmpty else {
                throw UserError("no network has '\(text ?? "")' in its name", hint: "'segdistill models list' shows all.", exitCode: .usage)
            }
            if json { return print(try ModelListing.json(backbones.map(\.name), own)) }
            if markdown { return try printMarkdown(backbones) }
            if text == nil {
                var heads = TextTable("head", "stands on", "source")
                for head in Models.headCards {
                    let all = head.backbones.count == Models.backboneCards.count
                    let named = all ? "every backbone" : "\(head.backbones.count) backbones: \(abbreviated(head.backbones))"
                    heads.append([head.name, named, head.source])
                }
                print(heads.text + "\n")
            }
            if !backbones.isEmpty { print(table(of: backbones).text) }
            if !own.isEmpty { print("\nNetworks of their own: \(own.joined(separator: ", "))") }
        }

        private func fits(_ name: String, _ aliases: [String]) -> Bool {
            guard let text = text?.lowercased() else { return true }
            return ([name] + aliases).contains { $0.lowercased().contains(text) }
        }

        private func table(of cards: [ModelCard]) -> TextTable {
            var table = TextTable([
                .init("backbone"), .init("input", .right), .init("multiple of", .right), .init("licence"), .init("elsewhere"),
            ])
            for card in cards {
                table.append([
                    card.name, card.inputSize.map(String.init) ?? "any", String(card.sizeMultiple), card.license,
                    abbreviated(([card.repository].compactMap { $0 } + Models.aliases(of: card.name)), most: 2),
                ])
            }
            return table
        }

        private func printMarkdown(_ cards: [ModelCard]) throws {
            try LibTorch.load()
            print("| backbone | parameters, M | GMACs | at | strides | licence | weights, names elsewhere |\n|---|--:|--:|--:|---|---|---|")
            for card in cards {
                let summary = try ModelSummary(card.name, classes: 0)
                let strides = Models.strides(of: card.name).map { $0 == Array(repeating: $0[0], count: 4) ? [$0[0]] : $0 } ?? []
                let elsewhere = ([card.repository].compactMap { $0 } + Models.aliases(of: card.name)).prefix(3).map { "`\($0)`" }
                let cells = [
                    "`\(card.name)`", String(format: "%.2f", Double(summary.parameters) / 1e6),
                    String(format: "%.2f", Double(summary.operations) / 1e9), String(card.inputSize ?? 512),
                    strides.map(String.init).joined(separator: ", "), card.license, elsewhere.joined(separator: ", "),
                ]
                print("| \(cells.joined(separator: " | ")) |")
            }
        }

        private func printFolders() {
            var table = TextTable("model_type", "architectures")
            for (type, architectures) in Models.folderTypes.sorted(by: { $0.modelType < $1.modelType }) {
                table.append([type, architectures.joined(separator: ", ")])
            }
            print(table.text)
        }

        private func abbreviated(_ names: [String], most: Int = 3) -> String {
            let shown = names.prefix(most).joined(separator: ", ")
            return names.count > most ? "\(shown), …" : shown
        }
    }
}
