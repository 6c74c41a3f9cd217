import ArgumentParser
import Foundation
import SegData
import Support

/// `data list|check|stats`: what there is to train on, and whether it is sound.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Lists the known data sets, checks data before training, counts classes, and packs slow files.",
        subcommands: [List.self, Check.self, Stats.self, Export.self, Pack.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the data sets that a recipe or the command line can name.")

        func run() {
            var table = TextTable([
                .init("dataset"), .init("classes", .right), .init("objects", .right), .init("splits"), .init("what it shows"),
            ])
            for kind in DatasetKind.all {
                table.append([
                    kind.name, kind.classes.map { String($0.count) } ?? "yours", kind.instanceClasses.map { String($0.count) } ?? "",
                    kind.splits.isEmpty ? "yours" : kind.splits.prefix(3).joined(separator: " ") + (kind.splits.count > 3 ? " …" : ""),
                    "\(kind.title): \(kind.summary)",
                ])
            }
            print(table.text)
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads every image and label, and reports whatever training would stumble over.",
            discussion: """
                Finds missing, truncated and unreadable files, labels of another size than their image, label values \
                outside the class list, and classes that never occur. Exit code 0 when all is well, 65 otherwise.

                Examples:
                  segdistill data check Recipes/camvid/teacher.yaml
                  segdistill data check camvid:../shared/data/camvid --split val
                  segdistill data check my/data
                """)

        @OptionGroup var arguments: DataArguments

        func run() throws {
            var broken = 0
            for (name, dataset) in try arguments.datasets() {
                let check = examine(dataset, label: name)
                for problem in check.problems { print(problem.message) }
                let state = check.problems.isEmpty ? "in order" : "\(check.usableCount) in order, \(check.problems.count) unusable"
                print("\(name): \(check.count) images, \(state)")
                if check.unlabelled > 0 { print("  \(check.unlabelled) images have no labels") }
                let absent = check.absentClasses
                if !absent.isEmpty && check.usableCount > 0 { print("  no pixel is labelled \(absent.joined(separator: ", "))") }
                broken += check.problems.count
            }
            if broken > 0 { throw ArgumentParser.ExitCode(Support.ExitCode.badInput.rawValue) }
        }
    }

    struct Stats: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Counts images, sizes, and pixels by class.",
            discussion: """
                Examples:
                  segdistill data stats camvid:../shared/data/camvid
                  segdistill data stats street-scenes --limit 50
                """)

        @OptionGroup var arguments: DataArguments

        func run() throws {
            for (name, dataset) in try arguments.datasets() {
                let check = examine(dataset, label: name)
                try check.validate()
                let sizes = check.sizes.sorted { ($1.value, $0.key.description) < ($0.value, $1.key.description) }
                let shown = sizes.prefix(3).map { "\($0.value) of \($0.key)" }.joined(separator: ", ")
                print("\(name): \(check.count) images, \(shown)\(sizes.count > 3 ? ", …" : "") (width × height)")
                print(table(check).text + "\n")
            }
        }

        private func table(_ check: DatasetCheck) -> TextTable {
            var table = TextTable([.init("value", .right), .init("class"), .init("pixels %", .right), .init("images", .right)])
            let total = Double(check.pixels.reduce(0, +) + check.ignoredPixels)
            func percent(_ pixels: Int) -> String { String(format: "%.2f", 100 * Double(pixels) / max(total, 1)) }
            for (index, name) in check.classes.names.enumerated() {
                table.append([String(index), name, percent(check.pixels[index]), String(check.images[index])])
            }
            table.append(["255", "(ignored)", percent(check.ignoredPixels), ""])
            return table
        }
    }
}

/// Reads all of a data set under a progress bar.
private func examine(_ dataset: any Dataset, label: String) -> DatasetCheck {
    let bar = SharedProgress(label, total: dataset.count)
    let check = DatasetCheck(dataset, progress: { bar.update($0) })
    bar.finish()
    return check
}

/// A progress bar that may be told of progress from any thread, one call at a time.
final class SharedProgress: @unchecked Sendable {
    private let bar: ProgressBar
    private let total: Int

    init(_ label: String, total: Int) {
        bar = ProgressBar(label, total: total)
        self.total = total
    }

    func update(_ done: Int) { bar.update(done) }
    func finish() { bar.finish(total) }
}
