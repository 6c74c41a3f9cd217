import Foundation
import Recipes
import SegData
import Support

extension DataRecipe {
    /// What a part of the data is for.
    public enum Purpose: String, Sendable, CaseIterable {
        case train, validation, test
    }

    /// The labelled images for a purpose, with the class map applied.
    /// - Throws: `UserError` when folders are missing, or images and labels do not pair up.
    public func dataset(_ purpose: Purpose) throws -> any Dataset {
        let parts = try splits(purpose).names.map { try dataset(split: $0) }
        let whole = parts.count == 1 ? parts[0] : JoinedDataset(parts)
        guard classMap == .common7 else { return whole }
        guard let map = ClassMap.toCommon7(from: whole.classes) else {
            throw UserError("classMap: common7 does not know the classes \(whole.classes.names.joined(separator: ", "))")
        }
        return try MappedDataset(whole, map)
    }

    private func splits(_ purpose: Purpose) -> NameList {
        switch purpose {
        case .train: train
        case .validation: validation
        case .test: test
        }
    }

    private func dataset(split name: String) throws -> any Dataset {
        let root = URL(fileURLWithPath: root)
        switch dataset {
        case .camVid: return try FileDataset.camVid(at: root, officialSplit(name))
        case .iddLite: return try FileDataset.iddLite(at: root, officialSplit(name))
        case .streetScenes: return try streetScenes(officialSplit(name))
        case .folder: return try folder(root, split: name)
        }
    }

    private func officialSplit(_ name: String) throws -> Split {
        guard let split = Split(rawValue: name) else {
            throw UserError("'\(dataset.rawValue)' has no split '\(name)'", hint: "Splits are train, val and test.")
        }
        return split
    }

    /// Each split is a series of its own; the run's seed changes the training, not the streets.
    private func streetScenes(_ split: Split) throws -> StreetScenes {
        let series = [Split.train: 1, .val: 2, .test: 3][split]!
        return try StreetScenes(
            seed: series, count: split == .train ? count : evaluationCount, width: size.width, height: size.height)
    }

    private func folder(_ root: URL, split name: String) throws -> FileDataset {
        let (classes, ignoring) = try classList(root)
        let images = root.appendingPathComponent(self.images)
        let labels = root.appendingPathComponent(self.labels)
        let list = root.appendingPathComponent(name.hasSuffix(".txt") ? name : name + ".txt")
        let files = FileManager.default
        let hasFolder = name != "." && files.fileExists(atPath: images.appendingPathComponent(name).path)
        guard name == "." || hasFolder || files.fileExists(atPath: list.path) else {
            throw UserError(
                "there is no split '\(name)': expected the folder \(images.appendingPathComponent(name).path) or the list \(list.path)",
                hint: "Put the images of a split into a folder, or list their names in a text file, one a line; "
                    + "'.' takes all images below \(images.path).")
        }
        return try FileDataset(
            images: hasFolder ? images.appendingPathComponent(name) : images,
            labels: hasFolder ? labels.appendingPathComponent(name) : labels,
            list: hasFolder || name == "." ? nil : list,
            classes: classes, ignoring: ignoring, imageSuffix: imageSuffix, labelSuffix: labelSuffix)
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
