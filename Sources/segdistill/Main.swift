import ArgumentParser
import Foundation
import Support

/// Runs the command line, and is the one place where errors become messages and exit codes.
@main
enum Main {
    static func main() {
        do {
            try refuseUnknownCommand(CommandLine.arguments.dropFirst().first)
            var command = try SegDistill.parseAsRoot()
            try command.run()
        } catch {
            end(with: error)
        }
    }

    /// A misspelt subcommand gets the nearest name, which ArgumentParser does not give.
    private static func refuseUnknownCommand(_ name: String?) throws {
        let known = SegDistill.configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        guard let name, !name.hasPrefix("-"), !known.contains(name) else { return }
        let hint = nearestName(to: name, in: known).map { "Did you mean '\($0)'?" }
        throw UserError(
            "there is no command '\(name)'", hint: hint ?? "The commands are \(known.joined(separator: ", ")).", exitCode: .usage)
    }

    private static func end(with error: any Error) -> Never {
        if let error = error as? any UserFacingError {
            complain("\(error)")
            exit(error.exitCode.rawValue)
        }
        // Help, usage errors and codes that a command chose are ArgumentParser's to print.
        let code = SegDistill.exitCode(for: error)
        if code == .success || code == .validationFailure || error is ArgumentParser.ExitCode {
            SegDistill.exit(withError: error)
        }
        complain(
            "internal error: \(error)\n"
                + "  This is a fault of segdistill, not yours. Please report it with the command line and this message.")
        exit(Support.ExitCode.internalError.rawValue)
    }
}

/// A line on standard error.
func complain(_ message: String) {
    FileHandle.standardError.write(Data("segdistill: \(message)\n".utf8))
}
