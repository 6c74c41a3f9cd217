import Support
import Vision

/// Pictures of an image's objects, each filled in a colour of its own, with class and score where there is room.
public struct ObjectPicture: Sendable {
    private let picture: Image
    private let longerSide: ClosedRange<Int>
    private let classes: [String]

    /// - Parameters:
    ///   - image: of the size of the masks.
    ///   - classes: their names; a single one is not written on every object.
    ///   - longerSide: the picture's, in pixels, whatever the image's.
    public init(_ image: Image, classes: [String], longerSide: ClosedRange<Int> = 512...1024) {
        (picture, self.classes, self.longerSide) = (image, classes, longerSide)
    }

    /// Outlines of what was found.
    public enum Color {
        public static let right = RGB(255, 255, 255)
        public static let wrong = RGB(235, 40, 30)
        public static let missed = RGB(255, 214, 0)
    }

    /// The image alone.
    public var image: Image { ObjectCanvas(picture, longerSide: longerSide).image }

    /// With the true objects over it; crowds are grey.
    public func truth(_ judged: JudgedImage) -> Image {
        var canvas = ObjectCanvas(picture, longerSide: longerSide)
        let grey = RGB(128, 128, 128)
        for object in judged.truths where object.isCrowd { canvas.draw(object.mask, fill: grey, outline: grey) }
        for (number, object) in judged.truths.enumerated() where !object.isCrowd {
            canvas.draw(object.mask, fill: Self.color(number), outline: Color.right)
        }
        for object in judged.truths { canvas.write(text(object.category, nil), on: object.mask) }
        return canvas.image
    }

    /// With the objects over it that score at least `threshold`, the surest on top: white outlines around those that are right, red ones
    /// around mistakes, yellow ones around true objects that were not found.
    public func found(_ judged: JudgedImage, threshold: Double) -> Image {
        var canvas = ObjectCanvas(picture, longerSide: longerSide)
        let sure = judged.detections.prefix { $0.score >= threshold }
        for (number, object) in sure.enumerated().reversed() {
            let isWrong = object.outcome == .wrong
            canvas.draw(
                object.mask, fill: isWrong ? Color.wrong : Self.color(number), outline: isWrong ? Color.wrong : Color.right)
        }
        for object in judged.truths where !object.isCrowd && (object.finder ?? -1) < threshold {
            canvas.draw(object.mask, fill: nil, outline: Color.missed)
        }
        for object in sure { canvas.write(text(object.category, object.score), on: object.mask) }
        return canvas.image
    }

    /// Image, true objects, and what each evaluation of it found, beside each other.
    /// - Parameter evaluations: at least one; of each what it found, and the least score that is shown.
    public func tiles(_ evaluations: [(image: JudgedImage, threshold: Double)]) -> Image {
        ScorePicture.row([image, truth(evaluations[0].image)] + evaluations.map { found($0.image, threshold: $0.threshold) })
    }

    private func text(_ category: Int, _ score: Double?) -> String {
        let name = classes.count > 1 ? classes[category] : nil
        return [name, score.map { fixed($0, 2) }].compactMap(\.self).joined(separator: " ")
    }

    /// From green to violet, so that red and yellow are left for mistakes; neighbouring numbers differ most.
    private static func color(_ number: Int) -> RGB {
        let turn = (Double(number) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
        let hue = 100 + 200 * turn
        func part(_ offset: Double) -> UInt8 {
            let place = (offset + hue / 60).truncatingRemainder(dividingBy: 6)
            return UInt8(255 * (1 - 0.85 * max(0, min(place, 4 - place, 1))))
        }
        return RGB(part(5), part(3), part(1))
    }
}
