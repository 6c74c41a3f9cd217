import Recipes
import SegData
import Torch

/// One of a teacher's maps in a cache: how it lies on disk, and where its positions are in the image.
package struct CachedTap: Codable, Equatable, Sendable {
    package let name: String
    package let channels: Int
    /// Of the map, in pixels.
    package let stride: Int
    /// Where the first position's centre is, in pixels from the image's edge: see ``phases(_:)``.
    package var phase: Double
    /// The number of classes whose scores are kept at every position; `channels` keeps the map as it is.
    package let kept: Int
    /// How the cached maps differ from the living teacher's, as measured on a few images before filling.
    package var differences: [CacheDifference] = []

    package init(name: String, channels: Int, stride: Int, phase: Double = 0.5, kept: Int? = nil) {
        (self.name, self.channels, self.stride, self.phase) = (name, channels, stride, phase)
        self.kept = min(kept ?? channels, channels)
    }

    /// The phases that maps of a stride may have: ½ for the usual convolutions, whose windows are centred on pixels; half a stride for
    /// patches; ½ less than the stride for windows that begin at the edge, as TensorFlow pads even sizes.
    static func phases(_ stride: Int) -> [Double] { Set([0.5, Double(stride) / 2, Double(stride) - 0.5]).sorted() }

    package var isTopK: Bool { kept < channels }

    /// Rows and columns of the map of an image of `size`.
    package func grid(_ size: Size) -> (rows: Int, columns: Int) {
        ((size.height + stride - 1) / stride, (size.width + stride - 1) / stride)
    }

    /// The scores kept at a position, with the one that stands for all others.
    package var valueCount: Int { isTopK ? kept + 1 : channels }

    /// The classes' type.
    package var indexType: DType { channels <= 256 ? .uint8 : .int16 }

    /// Where the parts lie, from the start of the map; each begins at a multiple of 64 bytes.
    package func layout(_ size: Size, _ type: CacheRecipe.Storage) -> (indices: Int, end: Int) {
        let positions = grid(size).rows * grid(size).columns
        let values = Self.padded(positions * valueCount * type.dtype.size)
        return (values, values + (isTopK ? Self.padded(positions * kept * indexType.size) : 0))
    }

    private static func padded(_ bytes: Int) -> Int { (bytes + 63) & ~63 }
}

extension CacheRecipe.Storage {
    var dtype: DType { self == .float16 ? .float16 : .float32 }
}
