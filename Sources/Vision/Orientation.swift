/// EXIF's orientation tag (0x0112): how the stored picture must be turned to be seen upright.
public enum Orientation: Int, Sendable, CaseIterable {
    case up = 1
    case mirrored, down, downMirrored, leftMirrored, right, rightMirrored, left

    /// Whether width and height change places.
    public var swapsSides: Bool { rawValue >= 5 }

    /// Reads the tag from a TIFF-structured EXIF block (what follows `Exif\0\0` in JPEG, the eXIf chunk in PNG).
    /// Returns `.up` when the block is malformed or has no such tag.
    package init(exif: ArraySlice<UInt8>) {
        self = Self.find(in: Array(exif)).flatMap(Orientation.init(rawValue:)) ?? .up
    }

    private static func find(in block: [UInt8]) -> Int? {
        guard block.count >= 8 else { return nil }
        let littleEndian = block[0] == UInt8(ascii: "I")
        func number(_ offset: Int, _ count: Int) -> Int? {
            guard offset >= 0, offset + count <= block.count else { return nil }
            let bytes = block[offset..<offset + count]
            return littleEndian ? bytes.reversed().reduce(0) { $0 << 8 | Int($1) } : bytes.reduce(0) { $0 << 8 | Int($1) }
        }
        guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
        for entry in 0..<entries {
            let start = directory + 2 + 12 * entry
            guard let tag = number(start, 2) else { return nil }
            if tag == 0x0112 { return number(start + 8, 2) }
        }
        return nil
    }
}

extension Image {
    /// The picture turned upright.
    public func upright(from orientation: Orientation) -> Image {
        if orientation == .up { return self }
        let swapped = orientation.swapsSides
        let (newWidth, newHeight) = swapped ? (height, width) : (width, height)
        let channels = channels
        // Source position of the upright pixel (x, y) = origin + x·stepX + y·stepY, in pixels.
        let (w, h) = (width, height)
        let (origin, stepX, stepY): (Int, Int, Int) =
            switch orientation {
            case .up: (0, 1, w)
            case .mirrored: (w - 1, -1, w)
            case .down: (w * h - 1, -1, -w)
            case .downMirrored: (w * (h - 1), 1, -w)
            case .leftMirrored: (0, w, 1)
            case .right: (w * (h - 1), -w, 1)
            case .rightMirrored: (w * h - 1, -w, -1)
            case .left: (w - 1, w, -1)
            }
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            pixels.withUnsafeBufferPointer { source in
                var out = 0
                for y in 0..<newHeight {
                    for x in 0..<newWidth {
                        let from = (origin + x * stepX + y * stepY) * channels
                        for c in 0..<channels { target[out + c] = source[from + c] }
                        out += channels
                    }
                }
            }
            count = pixels.count
        }
        return Image(width: newWidth, height: newHeight, channels: channels, pixels: turned)
    }
}
