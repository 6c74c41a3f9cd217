import ArgumentParser

/// `metrics`: scores of files that any tool wrote.
struct MetricsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Scores predictions in files, whichever tool wrote them.",
        subcommands: [Semantic.self, Instance.self, Panoptic.self])
}
