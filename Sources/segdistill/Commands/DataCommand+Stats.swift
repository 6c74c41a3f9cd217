import ArgumentParser
import Foundation
import SegData
import Support

extension DataCommand {
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
                print("\(name): \(check.count) images, \(check.sizeText) (width × height)")
                print(table(check).text + "\n")
            }
        }

        private func table(_ check: DatasetCheck) -> TextTable {
            var columns: [TextTable.Column] = [.init("value", .right), .init("class"), .init("pixels %", .right), .init("images", .right)]
            if check.instanceClasses != nil { columns.append(.init("objects", .right)) }
            var table = TextTable(columns)
            let total = Double(check.pixels.reduce(0, +) + check.ignoredPixels)
            func percent(_ pixels: Int) -> String { String(format: "%.2f", 100 * Double(pixels) / max(total, 1)) }
            for (index, name) in check.classes.names.enumerated() {
                let objects = check.instanceClasses?.index(of: name).map { String(check.objects[$0]) }
                table.append([String(index), name, percent(check.pixels[index]), String(check.images[index]), objects ?? ""])
            }
            table.append(["255", "(ignored)", percent(check.ignoredPixels), ""])
            return table
        }
    }
}

extension DatasetCheck {
    /// The most frequent sizes.
    var sizeText: String {
        let sorted = sizes.sorted { ($1.value, $0.key.description) < ($0.value, $1.key.description) }
        return sorted.prefix(3).map { "\($0.value) of \($0.key)" }.joined(separator: ", ") + (sorted.count > 3 ? ", …" : "")
    }
}

/// Reads all of a data set under a progress bar.
func examine(_ dataset: any Dataset, label: String) -> DatasetCheck {
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
