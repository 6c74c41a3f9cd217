import Foundation
import Recipes
import SegData
import Support
import TensorFiles
import Torch
import Vision

/// A teacher's maps of the whole, undistorted training images, from disk, as the living teacher would give them of a batch's crops:
/// moved, mirrored, turned and scaled with the crop, and resampled bilinearly where positions fall between.
///
/// Colours: the cached teacher saw every image in its own colours, whatever the batch's augmentation made of them.
package final class TeacherCache {
    private let folder: CacheFolder
    private let shards: [Int: MappedFile]

    /// - Precondition: the cache is complete.
    /// - Throws: `TensorFileError` when a shard cannot be read.
    package init(_ folder: CacheFolder) throws {
        precondition(folder.isComplete)
        self.folder = folder
        shards = try folder.shards()
    }

    /// The maps of a batch, B×C×h×w in float32, by tap.
    func maps(_ taps: Set<String>, of batch: Batch, on device: Device) -> [String: Tensor] {
        let origins = batch.origins
        var maps: [String: Tensor] = [:]
        for tap in folder.header.taps where taps.contains(tap.name) {
            let samples = zip(batch.indices, origins).map { map(tap, of: $0, $1, batch.size, on: device) }
            maps[tap.name] = Tensor.concatenate(samples)
        }
        return maps
    }

    /// The map of a crop of an image, 1×C×h×w.
    package func map(_ tap: CachedTap, of image: Int, _ origin: AffineMap, _ output: Size, on device: Device) -> Tensor {
        let entry = folder.entries[image]
        let size = entry.size
        let positions = tap.positions(view: size, origin: origin, output: output)
        let file = shards[entry.shard]!
        let start = entry.offset + folder.header.layout(size).starts[tap.name]!
        let base = UnsafeMutableRawPointer(mutating: file.bytes.baseAddress!) + start
        let grid = tap.grid(size)
        // Only the pages of the crop's cells are read.
        func cells(_ offset: Int, _ depth: Int, _ type: DType) -> Tensor {
            let all = Tensor.over(base + offset, shape: [grid.rows, grid.columns, depth], dtype: type, keeping: file)
            return all[positions.sourceRows, positions.sourceColumns].contiguous().to(device)
        }
        let values = cells(0, tap.valueCount, folder.header.type.dtype)
        let classes = tap.isTopK ? cells(tap.layout(size, folder.header.type).indices, tap.kept, tap.indexType) : nil
        return positions.sample(tap.restored(values, classes))
    }
}
