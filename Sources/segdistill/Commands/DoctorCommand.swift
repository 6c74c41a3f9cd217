import ArgumentParser
import Support

/// `doctor`: what is there, what is missing, and how to get it.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Says what this machine has, what is missing, and how to get it.",
        discussion: """
            Looks at the processor, memory and disk, at the image libraries, at LibTorch and at the devices \
            that it can use. Exit code 0 when everything needed is there, 65 when something is missing.
            """)

    func run() throws {
        let findings = MachineFindings.all() + LibraryFindings.all() + TorchFindings.all()
        var table = TextTable("", "what", "found")
        for finding in findings { table.append([finding.state.mark, finding.name, finding.found]) }
        print(table.text)
        let advice = findings.compactMap { finding in finding.advice.map { "\(finding.name): \($0)" } }
        if !advice.isEmpty { print("\n" + advice.joined(separator: "\n")) }
        if findings.contains(where: { $0.state == .missing }) { throw ArgumentParser.ExitCode(Support.ExitCode.badInput.rawValue) }
    }
}
