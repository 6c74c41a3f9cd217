import Testing

@Suite struct UsageTests {
    static let commands = [
        ["demo"], ["train"], ["distill"], ["evaluate"], ["predict"], ["compare"], ["report"], ["config", "show"], ["config", "check"],
        ["data", "list"], ["data", "check"], ["data", "stats"],
        ["doctor"], ["bench", "step"], ["bench", "loader"], ["bench", "model"], ["bench", "loss"], ["parity", "model"], ["parity", "loss"],
        ["export"], ["models", "list"], ["models", "show"], ["models", "fetch"],
    ]

    @Test(arguments: commands) func help(command: [String]) throws {
        let result = try Tool.run(command + ["--help"])
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("OVERVIEW: "))
        #expect(result.output.contains("USAGE: segdistill \(command.joined(separator: " "))"))
        #expect(result.errors.isEmpty)
    }

    @Test func helpNamesEveryCommandAndCode() throws {
        let result = try Tool.run("--help")
        #expect(result.status == 0)
        for command in Self.commands { #expect(result.output.contains("  \(command[0]) ")) }
        for code in ["64", "65", "70", "71", "75"] { #expect(result.output.contains("\(code) ")) }
    }

    @Test func misspeltCommand() throws {
        let result = try Tool.run("confg", "show", "x.yaml")
        #expect(result.status == 64)
        #expect(result.errors == "segdistill: there is no command 'confg'\n  Did you mean 'config'?\n")
    }

    @Test func wrongUsage() throws {
        #expect(try Tool.run("config", "show").status == 64)
        #expect(try Tool.run("data", "check", "street-scenes", "--limit", "0").status == 64)
        #expect(try Tool.run("data", "check", "camvid").status == 64)
        #expect(try Tool.run("parity", "loss", "kd").status == 64)
        let override = try Tool.run("config", "show", "Recipes/camvid/kd.yaml", "seed")
        #expect(override.status == 64)
        #expect(override.errors.contains("expected key=value after the recipe, found 'seed'"))
    }
}
