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
              segdistill demo
              segdistill train Recipes/camvid/teacher.yaml
              segdistill distill Recipes/camvid/cwd.yaml
              segdistill compare runs/camvid

            Exit codes: 0 done, 64 wrong usage, 65 bad data or recipe, 70 internal error, \
            71 out of memory, 75 interrupted and resumable.
            """,
        version: programVersion,
        subcommands: [
            DemoCommand.self, TrainCommand.self, DistillCommand.self, PseudoLabelCommand.self, EvaluateCommand.self, PredictCommand.self,
            CompareCommand.self, ReportCommand.self, ConfigCommand.self, DataCommand.self, DoctorCommand.self, ParityCommand.self,
            ExportCommand.self, ModelsCommand.self, MetricsCommand.self,
            BenchCommand.self,
        ])
}
