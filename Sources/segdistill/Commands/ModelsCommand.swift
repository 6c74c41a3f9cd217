import ArgumentParser

/// `models`: which networks there are, what one is made of, and its published weights.
struct ModelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Lists the networks, shows one, fetches published weights.",
        discussion: """
            A model's name is HEAD-BACKBONE (upernet-swin-tiny), or a name of its own (espnetv2-s2.0). Recipes, bench and parity \
            take these names; recipes, evaluate, predict and parity also take a folder in Hugging Face layout.
            """,
        subcommands: [List.self, Show.self, Fetch.self])
}
