import Foundation
import Recipes
import SegData
import Support

extension DataRecipe {
    /// What a part of the data is for.
    public enum Purpose: String, Sendable, CaseIterable {
        case train, validation, test
    }

    /// The images for a purpose, with the class map applied, and without bad samples where the recipe puts them aside; those to train
    /// on from the packed file, where there is one.
    /// - Parameter readsLabels: whether the labels are wanted; else the images come alone.
    /// - Throws: `UserError` when folders are missing, or images and labels do not pair up.
    public func dataset(_ purpose: Purpose, readsLabels: Bool = true) throws -> any Dataset {
        let files = try files(purpose, readsLabels: readsLabels)
        let chosen = try tiled(purpose == .train ? labelled(of: files) ?? files : files)
        return readsLabels ? chosen : UnlabelledDataset(chosen)
    }

    /// The images that are trained on without labels of their own.
    /// - Throws: `UserError` when there are none, or their folder is missing.
    public func unlabelledImages() throws -> any Dataset {
        if let folder = unlabelled?.folder {
            let files = UnlabelledDataset(try ListDataset(imagesBelow: URL(fileURLWithPath: folder)))
            return try UnlabelledDataset(tiled(badSamples == .skip ? SoundDataset(readingAllOf: files) : files))
        }
        guard let rest = try labelled(of: files(.train, readsLabels: true))?.rest, rest.count > 0 else {
            throw UserError(
                "every training image is used with its labels: no unlabelled images are left",
                hint: "Set data.fraction or data.labelled, or name a folder: data.unlabelled.images.")
        }
        return try UnlabelledDataset(tiled(rest))
    }

    /// Refuses images of a folder that are validated or tested on, and says where some have labels, too.
    /// - Parameter sources: the data sets of the images with labels, each with its purpose.
    func checkUnlabelled(
        _ images: any Dataset, apartFrom sources: [(purpose: String, dataset: any Dataset)], _ note: (String) -> Void
    ) throws {
        guard let folder = unlabelled?.folder else { return }
        for (purpose, source) in sources {
            let shared = try SharedImages(source, images).pairs
            guard let pair = shared.first else { continue }
            let count = Set(shared.map(\.second)).count
            guard purpose != "training" else {
                note("\(count) of the unlabelled images are among the training images, with labels")
                continue
            }
            throw UserError(
                "data.unlabelled.images: \(folder) has \(count == 1 ? "an image" : "\(count) images") of the \(purpose) data: "
                    + "\(pair.second.path) is \(pair.first.path)",
                hint: "A score is of images that were not learnt from: name a folder without them.")
        }
    }

    private func tiled(_ images: any Dataset) throws -> any Dataset {
        try tile.map { try TiledDataset(images, size: Size($0)) } ?? images
    }

    /// The training images whose labels are used; nil for all of them.
    private func labelled(of files: any Dataset) throws -> ChosenDataset? {
        if let labelled { return try ChosenDataset(files, list: LabelList(contentsOf: URL(fileURLWithPath: labelled))) }
        return fraction < 1 ? ChosenDataset(files, fraction: fraction, seed: fractionSeed) : nil
    }

    private func files(_ purpose: Purpose, readsLabels: Bool) throws -> any Dataset {
        var files = try images(of: splits(purpose), leavingOutUnpaired: badSamples == .skip)
        if badSamples == .skip, dataset.isFiles { files = try SoundDataset(readingAllOf: readsLabels ? files : UnlabelledDataset(files)) }
        if purpose == .train, let packed { files = try PackedDataset(URL(fileURLWithPath: packed), of: files) }
        return files
    }

    /// The images of some splits, one after the other, with the class map applied, cut into the recipe's tiles.
    /// - Parameter leavingOutUnpaired: see `DatasetOptions.leavesOutUnpaired`.
    public func dataset(splits: NameList, leavingOutUnpaired: Bool = false) throws -> any Dataset {
        try tiled(images(of: splits, leavingOutUnpaired: leavingOutUnpaired))
    }

    /// As ``dataset(splits:leavingOutUnpaired:)``, but not cut.
    public func images(of splits: NameList, leavingOutUnpaired: Bool = false) throws -> any Dataset {
        let kind = try DatasetKind.named(dataset.name)
        var options = try options()
        options.leavesOutUnpaired = leavingOutUnpaired
        let parts = try splits.names.map { try kind.open($0, options) }
        for (name, part) in zip(splits.names, parts) {
            func objects(_ dataset: any Dataset) -> ClassList { dataset.instanceClasses ?? ClassList([]) }
            for (first, other) in [(parts[0].classes, part.classes), (objects(parts[0]), objects(part))] where first != other {
                throw UserError(
                    "the classes of '\(name)' are \(other.excerpt), those of '\(splits.names[0])' \(first.excerpt)",
                    hint: "Splits that are used together have the same classes in the same order.")
            }
        }
        let whole = parts.count == 1 ? parts[0] : JoinedDataset(parts)
        guard let classMap else { return whole }
        guard let map = ClassMap.all(from: whole.classes)[classMap] else {
            throw UserError("\(classMap): there is no map from the classes \(whole.classes.names.joined(separator: ", "))")
        }
        return try MappedDataset(whole, map)
    }

    func splits(_ purpose: Purpose) -> NameList {
        switch purpose {
        case .train: train
        case .validation: validation
        case .test: test
        }
    }

    private func options() throws -> DatasetOptions {
        var options = DatasetOptions(root: URL(fileURLWithPath: root))
        options.instances = instances
        options.images = images
        options.labels = isLabelled ? labels : nil
        options.hasLabels = isLabelled
        options.imageSuffix = imageSuffix
        options.labelSuffix = labelSuffix
        options.count = count
        options.evaluationCount = evaluationCount
        options.size = Size(size)
        options.domain = try .init(parsing: domain, severity: severity)
        options.severity = severity
        if dataset.keys.contains("classes") { (options.classes, options.ignoring) = try classList(options.root) }
        return options
    }

    private func classList(_ root: URL) throws -> (ClassList, Set<UInt8>) {
        let ignored = Set(ignore.map { UInt8(clamping: $0) })
        if let file = classes.file {
            let read = try ClassFile(contentsOf: root.appendingPathComponent(file))
            return (read.classes, read.ignore.union(ignored))
        }
        let palette = ClassList(names: classes.entries.map(\.name))
        let entries = zip(classes.entries, palette.entries).map { given, plain in
            given.color.map { ClassList.Entry(given.name, $0) } ?? plain
        }
        return (ClassList(entries), ignored)
    }
}
