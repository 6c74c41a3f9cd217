import Foundation

extension DatasetCheck {
    /// What looks wrong in the data set as a whole, though every file can be read.
    public struct Suspicion: Sendable, Equatable {
        /// In a few words.
        public let title: String
        /// What was seen, and what it would mean.
        public let message: String

        public init(_ title: String, _ message: String) {
            self.title = title
            self.message = message
        }
    }

    /// Mistakes in how labels were written, told from how often each value occurs.
    public var suspicions: [Suspicion] {
        guard usableCount > unlabelled || !unknownValues.isEmpty else { return [] }
        return [shifted, twoValues ?? backgroundIgnored ?? reducedTooOften ?? muchIgnored, absent].compactMap { $0 }
    }

    private var ignoredShare: Double {
        let all = pixels.reduce(0, +) + ignoredPixels
        return all == 0 ? 0 : Double(ignoredPixels) / Double(all)
    }

    private var ignoredPercent: String { String(format: "%.1f%%", 100 * ignoredShare) }

    /// The values run from 1 to the number of classes.
    private var shifted: Suspicion? {
        guard unknownValues == [classes.count], pixels.first == 0, refusedValues[0] == 0 else { return nil }
        return Suspicion(
            "ids shifted by one",
            "no pixel has the value 0, some have \(classes.count): the labels seem to start at 1. Move them down by one, "
                + "or put a class before \(classes.names[0]).")
    }

    /// A mask of 0 and 255 for two classes.
    private var twoValues: Suspicion? {
        guard classes.count == 2, pixels[1] == 0, pixels[0] > 0, ignoredPixels > 0 else { return nil }
        return Suspicion(
            "\(classes.names[1]) is 255",
            "the labels hold 0 and 255 alone: \(classes.names[1]) seems to be written as 255, which is never trained on. Write it as 1.")
    }

    private var backgroundIgnored: Suspicion? {
        let words = ["background", "other", "others", "void", "unlabeled", "unlabelled", "none", "clutter"]
        guard let first = classes.names.first, words.contains(first.lowercased()), pixels[0] == 0, ignoredShare > 0.02 else { return nil }
        return Suspicion(
            "\(first) is 255",
            "\(first) (0) never occurs, while 255 covers \(ignoredPercent) of the pixels: \(first) seems to be written as 255, "
                + "which is never trained on. Write it as 0, or leave the class out.")
    }

    /// Every class one too low, the first one become 255.
    private var reducedTooOften: Suspicion? {
        guard classes.count > 2, pixels.last == 0, pixels.dropLast().allSatisfy({ $0 > 0 }), ignoredShare > 0.05 else { return nil }
        return Suspicion(
            "moved down twice",
            "\(classes.names.last!), the last class, never occurs, all others do, and 255 covers \(ignoredPercent) of the pixels: the labels "
                + "seem to have been moved down by one once too often ('reduce zero'), so that \(classes.names[0]) became 255.")
    }

    private var muchIgnored: Suspicion? {
        guard ignoredShare > 0.5 else { return nil }
        return Suspicion(
            "255 covers most", "255, which is never trained on, covers \(ignoredPercent) of the pixels. Is a class written as 255?")
    }

    private var absent: Suspicion? {
        let names = absentClasses
        guard !names.isEmpty, pixels.contains(where: { $0 > 0 }) else { return nil }
        let shown = names.prefix(12).joined(separator: ", ") + (names.count > 12 ? ", …" : "")
        return Suspicion("never occurs", "no pixel is labelled \(shown) (\(names.count) of \(classes.count) classes)")
    }
}
