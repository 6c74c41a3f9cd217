import ArgumentParser
import Foundation
import Hub
import SegModels
import Support
import Train

extension ModelsCommand {
    struct Fetch: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Downloads published weights into the cache that the Python hub shares, and prints the folder.",
            discussion: """
                Examples:
                  segdistill models fetch facebook/dinov2-small
                  segdistill models fetch nvidia/mit-b0 --revision main --file config.json --file pytorch_model.bin
                  HF_ENDPOINT=https://mirror.example segdistill models fetch facebook/dinov2-small
                  segdistill models fetch facebook/dinov2-small --offline

                Takes config.json, preprocessor_config.json, a vocabulary, the weights (safetensors where there are any), README and licence. \
                What is in the cache is not fetched again; what a break has left off is gone on with. Variables: HF_ENDPOINT, \
                HF_TOKEN, HF_HUB_OFFLINE, HF_HUB_CACHE, HF_HOME.
                """)

        @Argument(help: "owner/name on the hub, or the name of a model whose weights are published there.")
        var name: String
        @Option(help: "A branch, tag or commit.") var revision = "main"
        @Option(name: .customLong("file"), help: ArgumentHelp("A file of the repository; again for more.", valueName: "path"))
        var files: [String] = []
        @Option(help: ArgumentHelp("The hub's address; before HF_ENDPOINT.", valueName: "url")) var endpoint: String?
        @Flag(help: "Use only the cache.") var offline = false
        @Flag(help: "Print nothing but the folder.") var quiet = false

        func run() throws {
            let repository = try Self.repository(of: name)
            let settings = try HubSettings(endpoint: endpoint, isOffline: offline)
            let hub = ModelHub(settings, isCancelled: { Interruption.isRequested })
            let display = quiet ? nil : FetchDisplay(repository.description)
            let snapshot = try Interruption.observed {
                defer { display?.finish() }
                return try hub.fetch(repository, revision: revision, files: files.isEmpty ? .needed : .named(files)) { display?.show($0) }
            }
            print(snapshot.folder.path)
        }

        /// A repository by its own name, or by the name of a model in our table whose card tells it.
        private static func repository(of name: String) throws -> HubRepository {
            if name.contains("/") { return try HubRepository(name) }
            let cards = Models.backboneCards
            guard let card = cards.first(where: { $0.name == name || Models.aliases(of: $0.name).contains(name) }) else {
                let near = nearestName(to: name, in: cards.map(\.name)).map { "Did you mean '\($0)'? " } ?? ""
                throw UserError(
                    "there is no backbone '\(name)'", hint: "\(near)Expected a name of 'segdistill models list', or owner/name on a hub.",
                    exitCode: .usage)
            }
            guard let repository = card.repository else {
                throw UserError("the weights of \(name) are on no hub that is known here", hint: "They are published by \(card.source).")
            }
            return try HubRepository(repository)
        }
    }
}
