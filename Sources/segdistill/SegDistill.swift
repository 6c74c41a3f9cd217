import ArgumentParser

/// The program's version, as `--version` and every run's environment say it.
let programVersion = "0.1.0"

/// `segdistill`: every subcommand parses, calls a library, and prints.
struct SegDistill: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "segdistill",
        abstract: "Turns a large segmentation teacher into a small student, and shows whether that helped.",
        discussion: """
            Examples:
              segdistill doctor
              segdistill config show Recipes/camvid/cwd.yaml
              segdistill data check Recipes/camvid/teacher.yaml

            Exit codes: 0 done, 64 wrong usage, 65 bad data or recipe, 70 internal error, \
            71 out of memory, 75 interrupted and resumable.
            """,
        version: programVersion,
        subcommands: [CompareCommand.self, ConfigCommand.self, DataCommand.self, DoctorCommand.self, ParityCommand.self])
}
