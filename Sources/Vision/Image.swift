/// An 8-bit image, rows from top to bottom, channels interleaved: `pixels[(y * width + x) * channels + c]`.
public struct Image: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// 1 (grey) or 3 (RGB).
    public let channels: Int
    public var pixels: [UInt8]

    public init(width: Int, height: Int, channels: Int = 3, pixels: [UInt8]) {
        precondition(pixels.count == width * height * channels, "an image of \(width)×\(height)×\(channels) has \(pixels.count) bytes")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    public init(width: Int, height: Int, channels: Int = 3, filledWith value: UInt8 = 0) {
        self.init(width: width, height: height, channels: channels, pixels: .init(repeating: value, count: width * height * channels))
    }
}

/// One whole number a pixel, rows from top to bottom.
public struct Raster<Value: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable, Equatable {
    public let width: Int
    public let height: Int
    public var values: [Value]

    public init(width: Int, height: Int, values: [Value]) {
        precondition(values.count == width * height, "a raster of \(width)×\(height) has \(values.count) values")
        self.width = width
        self.height = height
        self.values = values
    }

    public init(width: Int, height: Int, filledWith value: Value = 0) {
        self.init(width: width, height: height, values: .init(repeating: value, count: width * height))
    }
}

/// A class index for every pixel; 255 means "do not score".
public typealias LabelMap = Raster<UInt8>

/// An object number for every pixel, unique within the image; 0 means "no countable object".
public typealias InstanceMap = Raster<UInt16>
