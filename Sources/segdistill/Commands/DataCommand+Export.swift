import ArgumentParser
import Foundation
import SegData
import Support

extension DataCommand {
    /// `data export`: data as files for other programs.
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes images and labels into a folder that other tools read: rendered street scenes, or any data set.",
            discussion: """
                images/SPLIT/NAME.png, labels/SPLIT/NAME.png (pixel = class index, 255 = ignore) and classes.json: \
                a folder as 'dataset: folder' reads it; objects go to annotations/SPLIT.json, as COCO has them. A class map of a recipe is applied.

                Examples:
                  segdistill data export street-scenes --split test --out scenes
                  segdistill data export street-scenes --split test@fog:0.8 --limit 50 --format jpg --out scenes
                """)

        @OptionGroup var arguments: DataArguments

        @Option(help: "The folder to write into.", completion: .directory)
        var out: String

        @Option(help: "How images are written: png keeps every value, jpg is a fifth of the size.")
        var format = FolderExport.ImageFormat.png

        func run() throws {
            let folder = FolderExport(to: URL(fileURLWithPath: out), format: format)
            for (name, dataset) in try arguments.datasets() {
                let bar = SharedProgress(name, total: dataset.count)
                try folder.write(dataset, split: name, progress: { bar.update($0) })
                bar.finish()
                print("\(name): \(dataset.count) images in \(out)")
            }
        }
    }
}

extension FolderExport.ImageFormat: ExpressibleByArgument {}
