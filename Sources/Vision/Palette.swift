/// A colour with 8 bits for each of red, green and blue.
public struct RGB: Sendable, Hashable, Codable {
    public var red: UInt8
    public var green: UInt8
    public var blue: UInt8

    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
        self.red = red
        self.green = green
        self.blue = blue
    }
}

/// A colour for each of the 256 values of a label map. Values without a colour, and 255, are black.
public struct Palette: Sendable, Equatable {
    public let colors: [RGB]

    public init(_ colors: [RGB]) {
        precondition(colors.count <= 256, "a palette has at most 256 colours")
        self.colors = colors
    }

    public subscript(value: UInt8) -> RGB { Int(value) < colors.count ? colors[Int(value)] : RGB(0, 0, 0) }

    /// The colour map of PASCAL VOC's development kit: distinct colours for any number of classes, the first black.
    public static let pascalVOC = Palette(
        (0..<255).map { index in
            var (color, rest) = (RGB(0, 0, 0), index)
            for shift in stride(from: 7, through: 0, by: -1) {
                color.red |= UInt8(rest & 1) << UInt8(shift)
                color.green |= UInt8(rest >> 1 & 1) << UInt8(shift)
                color.blue |= UInt8(rest >> 2 & 1) << UInt8(shift)
                rest >>= 3
            }
            return color
        })
}
