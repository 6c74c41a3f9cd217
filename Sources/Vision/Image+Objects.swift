extension Image {
    /// This image with objects laid over it, each in another colour and with its outline; where they overlap the later is seen.
    /// - Precondition: the masks have the image's size.
    public func overlaid(with objects: [RunLengthMask]) -> Image {
        var fill = LabelMap(width: width, height: height)
        var outlines = fill
        for (number, mask) in objects.enumerated() {
            let color = UInt8(1 + number % 254)
            mask.paint(color, into: &fill)
            mask.paint(0, into: &outlines)
            mask.subtracting(mask.eroded(by: 1)).paint(color, into: &outlines)
        }
        return overlaid(with: fill, palette: .pascalVOC, opacity: 0.4, clear: 0).overlaid(
            with: outlines, palette: .pascalVOC, opacity: 0.9, clear: 0)
    }
}
