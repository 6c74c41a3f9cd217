import Torch

/// The true masks of a batch of images and their classes, a bit for each mask and pixel.
///
/// A byte holds seven masks and, in its highest bit, whether the pixel is ignored, so T masks take T/7 bytes a pixel however they overlap.
/// Masks are never made into floating-point maps: ``PointSampling`` reads them where points are.
public struct MaskTargets {
    /// Of each image: the classes of its masks.
    public let labels: [[Int]]
    public let height: Int
    public let width: Int
    /// Whether some pixel is ignored.
    let hasIgnored: Bool
    /// ΣG×(H+2)·(W+2) bytes: each image's G groups of seven masks, with a margin of one pixel outside of all masks.
    let planes: Tensor
    let layout: MaskLayout
    /// 7×1: the bits of a plane's masks.
    let bits: Tensor

    static let ignoredBit: UInt8 = 0x80

    /// - Parameters:
    ///   - labels: of each image the classes of its masks.
    ///   - paint: sets the masks' pixels.
    public init(
        labels: [[Int]], height: Int, width: Int, device: Device = .cpu, paint: (inout MaskCanvas) throws -> Void
    ) rethrows {
        var canvas = MaskCanvas(labels, height: height, width: width)
        try paint(&canvas)
        self.init(labels, canvas, device)
    }

    /// One mask for every class that an image has, as semantic segmentation is trained.
    ///
    /// - Parameter map: the batch's labels: B × `height` × `width` bytes; 255 = ignore.
    public init(semantic map: UnsafeRawBufferPointer, batch: Int, height: Int, width: Int, device: Device = .cpu) {
        let pixels = height * width
        precondition(map.count == batch * pixels, "\(map.count) labels for \(batch) images of \(height)×\(width)")
        let labels = (0..<batch).map { image in Self.classes(in: map[image * pixels..<(image + 1) * pixels]) }
        var canvas = MaskCanvas(labels, height: height, width: width)
        for (image, classes) in labels.enumerated() { canvas.set(classes, of: map[image * pixels..<(image + 1) * pixels], in: image) }
        self.init(labels, canvas, device)
    }

    /// Masks that lie on the device as maps.
    ///
    /// - Parameter masks: of each image T×H×W: whatever is not 0 is inside.
    public init(labels: [[Int]], masks: [Tensor], height: Int, width: Int, device: Device = .cpu) {
        self.init(labels: labels, height: height, width: width, device: device) { canvas in
            for (image, masks) in masks.enumerated() {
                precondition(masks.shape == [labels[image].count, height, width], "a mask of \(height)×\(width) for every label")
                (masks .!= 0).to(.uint8).withUnsafeBytes { bytes in
                    for mask in 0..<masks.size(0) {
                        let own = bytes[mask * height * width..<(mask + 1) * height * width]
                        canvas.add(to: mask, of: image, pixels: UnsafeRawBufferPointer(rebasing: own))
                    }
                }
            }
        }
    }

    private init(_ labels: [[Int]], _ canvas: MaskCanvas, _ device: Device) {
        self.labels = labels
        (height, width, layout, hasIgnored) = (canvas.height, canvas.width, canvas.layout, canvas.hasIgnored)
        planes = Tensor(canvas.bytes, shape: [canvas.layout.count, canvas.planeSize], device: device)
        let count = MaskLayout.masksOfPlane
        bits = Tensor((0..<count).map { UInt8(1) << UInt8($0) }, shape: [count, 1], device: device)
    }

    /// The classes that occur, in rising order.
    private static func classes(in map: Slice<UnsafeRawBufferPointer>) -> [Int] {
        var occurs = [Bool](repeating: false, count: 256)
        for label in map { occurs[Int(label)] = true }
        return (0..<255).filter { occurs[$0] }
    }

    /// All masks.
    var count: Int { labels.reduce(0) { $0 + $1.count } }

    /// Masks of an image that fill planes of their own: the first is the first of a plane.
    struct Block {
        let image: Int
        let masks: Range<Int>

        var planes: Int { MaskLayout.planes(of: masks.count) }
    }

    /// All masks in order, in parts of at most `limit` planes: whole images together, and an image that has more in blocks. A part's blocks
    /// are of images side by side, with those that have no masks.
    func parts(of limit: Int) -> [[Block]] {
        var parts: [[Block]] = []
        var room = 0
        let size = limit * MaskLayout.masksOfPlane
        for (image, labels) in labels.enumerated() {
            for start in stride(from: 0, to: max(1, labels.count), by: size) {
                let block = Block(image: image, masks: start..<min(start + size, labels.count))
                if block.planes > room {
                    parts.append([])
                    room = limit
                }
                parts[parts.count - 1].append(block)
                room -= block.planes
            }
        }
        return parts
    }
}

/// Which planes are an image's: as many as its masks fill, one at least, for what is ignored where there are no masks.
struct MaskLayout {
    let planes: [Range<Int>]

    static let masksOfPlane = 7

    /// - Parameter labels: of each image the classes of its masks.
    init(_ labels: [[Int]]) {
        var count = 0
        planes = labels.map { labels in
            defer { count += Self.planes(of: labels.count) }
            return count..<count + Self.planes(of: labels.count)
        }
    }

    static func planes(of masks: Int) -> Int { max(1, (masks + masksOfPlane - 1) / masksOfPlane) }

    var count: Int { planes.last?.upperBound ?? 0 }

    /// Where a mask lies: its plane and its bit there.
    func place(of mask: Int, in image: Int) -> (plane: Int, bit: UInt8) {
        (planes[image].lowerBound + mask / Self.masksOfPlane, 1 << UInt8(mask % Self.masksOfPlane))
    }
}

/// What masks are painted on, on the host.
public struct MaskCanvas {
    let height: Int
    let width: Int
    let layout: MaskLayout
    fileprivate(set) var hasIgnored = false
    fileprivate(set) var bytes: [UInt8]

    fileprivate init(_ labels: [[Int]], height: Int, width: Int) {
        (self.height, self.width, layout) = (height, width, MaskLayout(labels))
        bytes = .init(repeating: 0, count: layout.count * (height + 2) * (width + 2))
    }

    var planeSize: Int { (height + 2) * (width + 2) }

    /// Adds pixels to a mask of an image: `length` of them down a column, as COCO's runs go.
    public mutating func add(to mask: Int, of image: Int, column: Int, row: Int, length: Int) {
        let (plane, bit) = layout.place(of: mask, in: image)
        let line = width + 2
        let start = plane * planeSize + (row + 1) * line + column + 1
        bytes.withUnsafeMutableBufferPointer { bytes in
            for index in stride(from: start, to: start + length * line, by: line) { bytes[index] |= bit }
        }
    }

    /// Adds the pixels that are not 0 to a mask of an image: `height` × `width` bytes.
    public mutating func add(to mask: Int, of image: Int, pixels: UnsafeRawBufferPointer) {
        precondition(pixels.count == height * width, "\(pixels.count) pixels for a mask of \(height)×\(width)")
        let (plane, bit) = layout.place(of: mask, in: image)
        let (start, height, width) = (plane * planeSize, height, width)
        bytes.withUnsafeMutableBufferPointer { bytes in
            for row in 0..<height {
                let own = start + (row + 1) * (width + 2) + 1
                for column in 0..<width where pixels[row * width + column] != 0 { bytes[own + column] |= bit }
            }
        }
    }

    /// Sets all masks of an image from its label map.
    fileprivate mutating func set(_ classes: [Int], of map: Slice<UnsafeRawBufferPointer>, in image: Int) {
        let labels = UnsafeRawBufferPointer(rebasing: map)
        let (height, width) = (height, width)
        for plane in layout.planes[image] {
            var table = [UInt8](repeating: 0, count: 256)
            table[255] = MaskTargets.ignoredBit
            for (mask, label) in classes.enumerated() {
                let place = layout.place(of: mask, in: image)
                if place.plane == plane { table[label] = place.bit }
            }
            let start = plane * planeSize
            var ignored: UInt8 = 0
            bytes.withUnsafeMutableBufferPointer { bytes in
                for row in 0..<height {
                    let own = start + (row + 1) * (width + 2) + 1
                    for column in 0..<width {
                        let byte = table[Int(labels[row * width + column])]
                        bytes[own + column] = byte
                        ignored |= byte
                    }
                }
            }
            if ignored & MaskTargets.ignoredBit != 0 {
                hasIgnored = true
                extendIgnored(of: start)
            }
        }
    }

    /// A point beside the centre of an edge's pixel is ignored with it, though masks end there.
    private mutating func extendIgnored(of start: Int) {
        let line = width + 2
        for row in 0..<height + 2 {
            for column in row == 0 || row == height + 1 ? Array(0..<line) : [0, width + 1] {
                let inner = start + min(max(row, 1), height) * line + min(max(column, 1), width)
                bytes[start + row * line + column] |= bytes[inner] & MaskTargets.ignoredBit
            }
        }
    }
}
