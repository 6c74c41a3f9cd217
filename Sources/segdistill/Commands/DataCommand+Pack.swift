import ArgumentParser
import Foundation
import SegData
import Support

extension DataCommand {
    struct Pack: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts a split into one file that is fast to read, for sets with slow PNGs.",
            discussion: """
                JPEG files are stored as they are, all other images as raw RGB (6 MB for 2048×1024), labels as runs. A recipe uses the \
                file with `data.packed: FILE`. It is refused as soon as a file of the set has another name, size or date.

                Examples:
                  segdistill data pack cityscapes:data/cityscapes --out train.pack
                  segdistill data pack recipe.yaml --out train.pack --quality 95
                """)

        @OptionGroup var arguments: DataArguments

        @Option(help: "The file to write.", completion: .file())
        var out: String

        @Option(help: "Store images that are no JPEG files as JPEGs of this quality, 1 to 100: less room, no longer exact.")
        var quality: Int?

        func validate() throws {
            if let quality, !(1...100).contains(quality) { throw ValidationError("expected a --quality from 1 to 100, found \(quality)") }
            if arguments.limit != nil { throw ValidationError("a split is packed whole: leave out --limit") }
        }

        func run() throws {
            let dataset = try arguments.trainingSet()
            let bar = ProgressBar("packing", total: dataset.count)
            let file = URL(fileURLWithPath: out)
            try PackedDataset.write(dataset, to: file, quality: quality) { bar.update($0) }
            bar.finish(dataset.count)
            let bytes = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            print("\(out): \(dataset.count) images, \(ByteCountFormatter.string(fromByteCount: Int64(bytes), countStyle: .file))")
            print("Use it in a recipe with  data.packed: \(out)")
        }
    }
}
