import Foundation
import Vision

/// An image as `scripts/reference/vision.py` writes it: base64 of its bytes.
struct Pixels: Decodable {
    let width: Int
    let height: Int
    let pixels: Data

    var image: Image { Image(width: width, height: height, pixels: Array(pixels)) }
    var labels: LabelMap { LabelMap(width: width, height: height, values: Array(pixels)) }
}

enum Fixture {
    static func load<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
        let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures")!
        return try JSONDecoder().decode(T.self, from: Data(contentsOf: url))
    }
}

extension Image {
    /// The largest difference between two images of one size; 256 when the sizes differ.
    func difference(from other: Image) -> Int {
        guard width == other.width, height == other.height, channels == other.channels else { return 256 }
        return zip(pixels, other.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    }
}

/// A picture of any size with structure in every channel.
func pattern(width: Int, height: Int) -> Image {
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            pixels += [UInt8(truncatingIfNeeded: x * 7 + y), UInt8(truncatingIfNeeded: y * 5), UInt8(truncatingIfNeeded: x ^ y)]
        }
    }
    return Image(width: width, height: height, pixels: pixels)
}
