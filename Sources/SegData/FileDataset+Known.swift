import Foundation
import Support

/// The official parts of a data set.
public enum Split: String, Sendable, Codable, CaseIterable {
    case train, val, test
}

extension FileDataset {
    /// CamVid in SegNet's version: 11 classes, label value 11 is unlabelled.
    ///
    /// Two layouts are known: `images/train` with `labels/train`, and SegNet's `train` with `trainannot`.
    /// - Throws: `UserError` when the folders are not there or images and labels do not pair up.
    public static func camVid(at root: URL, _ split: Split) throws -> FileDataset {
        let name = split.rawValue
        let ours = [root.appendingPathComponent("images/\(name)"), root.appendingPathComponent("labels/\(name)")]
        let original = [root.appendingPathComponent(name), root.appendingPathComponent(name + "annot")]
        guard let found = [ours, original].first(where: { $0.allSatisfy { FileManager.default.fileExists(atPath: $0.path) } }) else {
            throw UserError(
                "\(root.path): expected CamVid with the folders images/\(name) and labels/\(name), or \(name) and \(name)annot; found neither",
                hint: "Give the folder that holds them.")
        }
        return try FileDataset(images: found[0], labels: found[1], classes: .camVid11, ignoring: [11])
    }

    /// IDD-lite: the seven level-1 classes, images of 320×227 below `leftImg8bit`, labels below `gtFine`.
    /// - Throws: `UserError` when the folders are not there or images and labels do not pair up.
    public static func iddLite(at root: URL, _ split: Split) throws -> FileDataset {
        guard split != .test else {
            throw UserError("IDD-lite has no test labels", hint: "Use its val split.")
        }
        return try FileDataset(
            images: root.appendingPathComponent("leftImg8bit/\(split.rawValue)"),
            labels: root.appendingPathComponent("gtFine/\(split.rawValue)"), classes: .common7, imageSuffix: "_image", labelSuffix: "_label"
        )
    }
}
