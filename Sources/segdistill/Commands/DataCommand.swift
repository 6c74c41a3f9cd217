import ArgumentParser

/// `data list|show|check|stats|export|pack`: what there is to train on, whether it is sound, and in other forms.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Lists the known data sets, checks data before training, counts classes, exports, and packs slow files.",
        subcommands: [List.self, Show.self, Check.self, Stats.self, Preview.self, Export.self, Pack.self])
}
