import Foundation
import Support

/// Where pseudo-labels come from: the `info` of their file. It has no dates: the same teacher writes the same file.
public struct PseudoLabelInfo: Codable, Sendable, Equatable {
    /// The network that they are of.
    public struct Teacher: Codable, Sendable, Equatable {
        /// The network's name, such as `mask2former-resnet50`.
        public var name: String
        /// As it was given: a run folder or a file.
        public var path: String
        /// The folder of the SAM 2 that it prompts; nil for a trained network.
        public var segmenter: String?
        /// SHA-256 of the files of weights, in hexadecimal digits.
        public var digest: String

        public init(name: String, path: String, segmenter: String? = nil, digest: String) {
            (self.name, self.path, self.segmenter, self.digest) = (name, path, segmenter, digest)
        }

        /// The arguments of `segdistill pseudo-label` that mean it.
        fileprivate var arguments: String { path + " RECIPE" + (segmenter.map { " --segmenter \($0)" } ?? "") }

        fileprivate var text: String {
            let digests = stride(from: 0, to: digest.count, by: 64).map { "\(digest.dropFirst($0).prefix(12))…" }
            return "\(name) at \(path) (SHA-256 \(digests.joined(separator: " + ")))"
        }
    }

    static let kind = "pseudo-labels by segdistill"

    private var description = PseudoLabelInfo.kind
    public var teacher: Teacher
    /// Objects of lower scores are not in the file.
    public var threshold: Double
    /// The data set's name.
    public var dataset: String
    /// The folder from which the images' `file_name` starts; empty where they are in no files.
    public var images: String
    /// The size at which the teacher saw the images, `1024×512`; nil where it saw them as they are, or has a size of its own.
    public var seenAt: String?

    public init(teacher: Teacher, threshold: Double, dataset: String, images: String, seenAt: String? = nil) {
        (self.teacher, self.threshold, self.dataset, self.images, self.seenAt) = (teacher, threshold, dataset, images, seenAt)
    }

    /// Keys in one order.
    var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self)
        }
    }

    var isPseudoLabels: Bool { description == Self.kind }

    /// Refuses pseudo-labels that the teacher, as it is now, has not written.
    /// - Parameters:
    ///   - teacher: nil where the teacher is not at hand.
    ///   - threshold: the lowest score that is wanted.
    /// - Throws: `UserError` saying how to write them anew.
    public func check(against teacher: Teacher?, threshold: Double, file: String) throws {
        let again =
            "Write them anew: segdistill pseudo-label \((teacher ?? self.teacher).arguments) --threshold \(threshold) --out \(file)"
        if let teacher, teacher.digest != self.teacher.digest {
            throw UserError(
                "\(file): the pseudo-labels are stale: they are of \(self.teacher.text), the teacher now is \(teacher.text)", hint: again)
        }
        guard self.threshold <= threshold else {
            throw UserError(
                "\(file): the pseudo-labels have no objects with scores below \(self.threshold), and those from \(threshold) are wanted",
                hint: again)
        }
    }

    /// Refuses pseudo-labels of other images, or of images that were seen otherwise.
    /// - Parameters:
    ///   - other: how they would be written now.
    ///   - mayHaveMoved: whether another folder is fine.
    /// - Throws: `UserError`.
    public func check(sees other: PseudoLabelInfo, mayHaveMoved: Bool, file: String) throws {
        func text(_ info: PseudoLabelInfo) -> String {
            info.dataset + (info.images.isEmpty ? "" : " in \(info.images)") + (info.seenAt.map { ", seen at \($0)" } ?? "")
        }
        func folder(_ info: PseudoLabelInfo) -> String { URL(fileURLWithPath: info.images).standardizedFileURL.path }
        let isSameFolder = mayHaveMoved || folder(self) == folder(other)
        guard dataset == other.dataset, seenAt == other.seenAt, isSameFolder else {
            throw UserError(
                "\(file): the pseudo-labels are of \(text(self)), now the images are \(text(other))", hint: "They have to be written anew.")
        }
    }
}
