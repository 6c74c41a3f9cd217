import ArgumentParser
import Foundation
import Recipes
import SegData
import Support
import Train

extension DataCommand {
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads every image, label and object, and reports whatever training would stumble over.",
            discussion: """
                Faults: images without labels and labels without an image, broken files, sizes that differ, label values outside the \
                class list, boxes and masks that disagree. Warnings: labels shifted by one, moved down twice, or with a class written \
                as 255; classes that never occur; images that are alike, within a split or across splits.

                Exit code 0 when there is no fault (warnings or not), 65 otherwise.

                Examples:
                  segdistill data check Recipes/camvid/teacher.yaml
                  segdistill data check camvid:../shared/data/camvid --split val --pictures check
                  segdistill data check my/data --all
                  segdistill data check runs/dsb2018/sskd-seed1/teacher/pseudo-labels.json --pictures check
                """)

        @OptionGroup var arguments: DataArguments

        @Flag(help: "List every fault, not only the first of each kind.")
        var all = false

        @Option(help: "Write check.html with pictures into this folder: labels laid over images, faults, and images that are alike.")
        var pictures: String?

        func run() throws {
            var checked: [CheckPage.Part] = []
            for (name, dataset) in try pseudoLabels() ?? arguments.datasets(leavingOutUnpaired: true) {
                checked.append(.init(name: name, dataset: dataset, check: examine(dataset, label: name)))
            }
            let duplicates = Duplicates(checked.map(\.check))
            var table = TextTable([.init("split"), .init("finding"), .init("count", .right), .init("what")])
            for part in checked { table.rows += rows(part) }
            table.rows += rows(duplicates, checked)
            for part in checked { print("\(part.name): \(summary(part.check))") }
            if !table.rows.isEmpty { print("\n\(table.text)") }
            let hints = Set(checked.flatMap { $0.check.problems.compactMap(\.hint) }).sorted()
            if !hints.isEmpty { print("\nWhat to do:\n" + hints.prefix(all ? hints.count : 5).map { "  \($0)" }.joined(separator: "\n")) }
            if let pictures {
                let folder = URL(fileURLWithPath: pictures)
                try CheckPage(checked, duplicates).write(to: folder)
                print("\nPictures: \(folder.appendingPathComponent("check.html").path)")
            }
            if checked.contains(where: { !$0.check.problems.isEmpty }) {
                throw ArgumentParser.ExitCode(Support.ExitCode.badInput.rawValue)
            }
        }

        /// Where the data are a file of pseudo-labels, their images with the objects, after their statistics are shown; no data where the
        /// images are not to be had.
        private func pseudoLabels() throws -> [(name: String, dataset: any Dataset)]? {
            let file = URL(fileURLWithPath: arguments.source)
            guard PseudoLabels.isThere(file) else { return nil }
            let labels = try PseudoLabels(contentsOf: file)
            print(PseudoLabelStatistics(labels).text + "\n")
            guard let dataset = try images(of: labels, file) else {
                print("the images of \(labels.info.dataset) are in no files, and no recipe.yaml beside the labels makes them: not read")
                return []
            }
            return [("pseudo-labels", arguments.limit.map { SpreadDataset(dataset, limit: $0) } ?? dataset)]
        }

        /// From their files; tiles and rendered scenes by the recipe in whose run folder the labels are.
        private func images(of labels: PseudoLabels, _ file: URL) throws -> (any Dataset)? {
            guard labels.info.images.isEmpty else {
                return try COCODataset(file, images: [URL(fileURLWithPath: labels.info.images)], leavingOutBad: true)
            }
            let recipe = file.deletingLastPathComponent().appendingPathComponent("recipe.yaml")
            guard FileManager.default.fileExists(atPath: recipe.path) else { return nil }
            let data = try Recipe.load(recipe.path, catalog: .standard).recipe.data
            return ObjectsAlone(
                try PseudoLabelledDataset(data.unlabelledImages(), labels, threshold: labels.info.threshold, classes: labels.classes))
        }

        private func summary(_ check: DatasetCheck) -> String {
            let faults = check.count - check.usableCount
            let state = check.problems.isEmpty ? "in order" : "\(check.usableCount) in order, \(faults) unusable"
            let objects = check.instanceClasses == nil ? "" : ", \(check.objects.reduce(0, +)) objects"
            let unlabelled = check.unlabelled == 0 || check.classes.count == 0 ? "" : ", \(check.unlabelled) without labels"
            return "\(check.count) images, \(state)\(check.sizes.isEmpty ? "" : ", \(check.sizeText)")\(objects)\(unlabelled)"
        }

        private func rows(_ part: CheckPage.Part) -> [[String]] {
            var rows: [[String]] = []
            for kind in DatasetCheck.ProblemKind.allCases {
                let found = part.check.problems.filter { $0.kind == kind }
                for (number, problem) in found.prefix(all ? found.count : 3).enumerated() {
                    rows.append(
                        number == 0 ? [part.name, kind.rawValue, String(found.count), problem.message] : ["", "", "", problem.message])
                }
                if !all && found.count > 3 { rows.append(["", "", "", "… and \(found.count - 3) more; --all lists them"]) }
            }
            return rows + part.check.suspicions.map { [part.name, "warning: " + $0.title, "", $0.message] }
        }

        private func rows(_ duplicates: Duplicates, _ parts: [CheckPage.Part]) -> [[String]] {
            func rows(_ title: String, _ groups: [[Duplicates.Place]]) -> [[String]] {
                let shown = groups.prefix(all ? groups.count : 3).enumerated().map { number, group in
                    let names = group.prefix(4).map { "\(parts[$0.split].name)/\(parts[$0.split].dataset.name($0.index))" }
                    let text = names.joined(separator: " = ") + (group.count > 4 ? " = … (\(group.count) images)" : "")
                    return number == 0 ? ["", "warning: " + title, String(groups.count), text] : ["", "", "", text]
                }
                return shown + (groups.count > shown.count ? [["", "", "", "… and \(groups.count - shown.count) more groups"]] : [])
            }
            return rows("alike in several splits", duplicates.across) + rows("alike in one split", duplicates.within)
        }
    }
}
