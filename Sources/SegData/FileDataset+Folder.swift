import Foundation

extension FileDataset {
    /// Pairs the images below one folder with the label PNGs below another.
    ///
    /// An image and its labels have the same path below their folders apart from extension and suffix: `images/a/01.jpg` and
    /// `labels/a/01.png`; with the suffixes `_image` and `_label`, `images/a/01_image.jpg` and `labels/a/01_label.png`.
    ///
    /// - Parameters:
    ///   - labels: nil for a data set without labels.
    ///   - list: a text file that chooses the images, one name a line (extension and suffix may be left out); all when nil.
    ///   - ignoring: label values besides 255 that stand for no class.
    ///   - allowUnlabelled: takes images without labels instead of refusing them.
    /// - Throws: `UserError` when a folder or a listed image is missing, or images and labels do not pair up.
    public init(
        images: URL, labels: URL?, list: URL? = nil, classes: ClassList, ignoring: Set<UInt8> = [], imageSuffix: String = "",
        labelSuffix: String = "", allowUnlabelled: Bool = false
    ) throws {
        let pairing = FilePairing(
            images: images, imageSuffix: imageSuffix, labels: labels, labelSuffix: labelSuffix, list: list,
            allowsUnlabelled: allowUnlabelled)
        try self.init([pairing], classes: classes, coding: .indices(ignoring: ignoring))
    }
}
