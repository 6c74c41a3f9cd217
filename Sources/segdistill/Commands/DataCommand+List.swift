import ArgumentParser
import SegData
import Support

extension DataCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the data sets that a recipe or the command line can name.")

        @Flag(help: "As Markdown, with every set's layout, licence and source: the second half of docs/data.md.")
        var markdown = false

        func run() {
            if markdown { return print(DatasetKind.markdown) }
            var table = TextTable([
                .init("name"), .init("classes", .right), .init("objects", .right), .init("splits"), .init("what it shows"),
            ])
            for kind in DatasetKind.all {
                let splits =
                    kind.splits.isEmpty ? "yours" : kind.splits.prefix(3).joined(separator: " ") + (kind.splits.count > 3 ? " …" : "")
                let classes = kind.classes.map { String($0.count) } ?? (kind.settings.contains(.classes) ? "yours" : "")
                let objects = kind.instanceClasses.map { String($0.count) } ?? ""
                table.append([kind.name, classes, objects, splits, "\(kind.title): \(kind.summary)"])
            }
            print(table.text)
            print(
                "\nOn the command line: NAME:FOLDER, or a folder of your own alone. 'segdistill data show NAME' says how the files must lie."
            )
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A data set's layout, licence, source and classes.",
            discussion: """
                Examples:
                  segdistill data show cityscapes
                  segdistill data show ade20k
                """)

        @Argument(help: "The data set's name.")
        var name: String

        func run() throws {
            let kind = try DatasetKind.named(name)
            print("\(kind.title): \(kind.summary)\n")
            var facts: [(String, String)] = [
                ("licence", kind.license), ("source", kind.source), ("splits", kind.splits.isEmpty ? "yours" : kind.splitList),
                ("ignored", kind.ignored),
            ]
            if let crop = kind.crop { facts.append(("crop", "\(crop), unless the recipe says otherwise")) }
            let maps = (kind.classes.map { ClassMap.all(from: $0) } ?? [:]).filter { $0.value.target != kind.classes }.keys.sorted()
            if !maps.isEmpty { facts.append(("class maps", maps.joined(separator: ", "))) }
            for (label, text) in facts { print("\(label)\(String(repeating: " ", count: 12 - label.count))\(text)") }
            print("\nFiles below the folder:")
            for line in kind.layout.split(separator: "\n") { print("  \(line)") }
            if let classes = kind.classes { print("\nClasses:\n\(swatches(classes, things: kind.instanceClasses?.names ?? []))") }
            if let things = kind.instanceClasses, kind.classes.map({ classes in things.names.allSatisfy(classes.names.contains) }) != true {
                print("\nObjects:\n\(swatches(things, things: []))")
            }
        }

        /// A line a class, with its colour where the terminal shows colours; `*` marks those whose objects are counted.
        private func swatches(_ classes: ClassList, things: [String]) -> String {
            classes.entries.enumerated().map { index, entry in
                let number = String(repeating: " ", count: 4 - String(index).count) + String(index)
                let color = entry.color.map(String.init).joined(separator: ", ")
                let code = entry.color.map(String.init).joined(separator: ";")
                let swatch = Terminal.showsColor ? "\u{1B}[48;2;\(code)m    \u{1B}[0m " : ""
                return "\(number)  \(swatch)\(entry.name)\(things.contains(entry.name) ? " *" : "")  (\(color))"
            }.joined(separator: "\n") + (things.isEmpty ? "" : "\n* objects are told apart")
        }
    }
}
