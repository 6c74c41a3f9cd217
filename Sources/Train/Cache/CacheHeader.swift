import Recipes
import SegData
import Support

/// What a cache was made from. Two caches of one source hold the same maps.
package struct CacheSource: Codable, Equatable, Sendable {
    /// The network by name, with what the recipe chooses of it.
    package let model: String
    /// A hash of every parameter and buffer.
    package let weights: String
    /// What the network computes in.
    package let precision: String
    package let normalization: String
    /// How the teacher sees an image.
    package let input: String
    /// The fingerprint of the data set's files.
    package let data: String
    /// A hash of the first image as the teacher sees it.
    package let firstImage: String
    package let images: Int

    package init(
        model: String, weights: String, precision: String, normalization: String, input: String, data: String, firstImage: String,
        images: Int
    ) {
        (self.model, self.weights, self.precision, self.normalization) = (model, weights, precision, normalization)
        (self.input, self.data, self.firstImage, self.images) = (input, data, firstImage, images)
    }

    /// A hash of all that: the cache's key.
    package var key: String {
        var hash = FNV()
        for (_, value) in parts { hash.add(value) }
        return hash.text
    }

    private var parts: [(name: String, value: String)] {
        [
            ("the network", model), ("its weights", weights), ("its precision", precision), ("its normalisation", normalization),
            ("the size of its input", input), ("the data's files", data), ("the first image", firstImage),
            ("the number of images", String(images)),
        ]
    }

    /// What differs, in words: `its weights (3f… in the cache, 9a… now)`.
    package func differences(from now: CacheSource) -> [String] {
        zip(parts, now.parts).filter { $0.value != $1.value }.map { "\($0.name) (\($0.value) in the cache, \($1.value) now)" }
    }
}

/// What a cache holds and what it was made from: `cache.json`.
package struct CacheHeader: Codable, Equatable, Sendable {
    package static let currentVersion = 1

    package var version = CacheHeader.currentVersion
    package let key: String
    package let source: CacheSource
    package let type: CacheRecipe.Storage
    package let taps: [CachedTap]

    package init(_ source: CacheSource, type: CacheRecipe.Storage, taps: [CachedTap]) {
        key = source.key
        self.source = source
        self.type = type
        self.taps = taps
    }

    package func tap(_ name: String) -> CachedTap? { taps.first { $0.name == name } }

    /// Where each tap's map begins among an image's bytes, and how many bytes there are.
    func layout(_ size: Size) -> (starts: [String: Int], bytes: Int) {
        var starts: [String: Int] = [:]
        var bytes = 0
        for tap in taps {
            starts[tap.name] = bytes
            bytes += tap.layout(size, type).end
        }
        return (starts, bytes)
    }

    /// Refuses a cache that does not hold what is wanted.
    /// - Parameter wanted: of the same taps more may be there than are wanted.
    /// - Throws: `UserError` naming all that differs.
    package func check(against wanted: CacheHeader, folder: String) throws {
        var differences = source.differences(from: wanted.source)
        if version != wanted.version { differences.append("the format (\(version) in the cache, \(wanted.version) now)") }
        if type != wanted.type { differences.append("teacher.cache.type (\(type.rawValue) in the cache, \(wanted.type.rawValue) now)") }
        let missing = wanted.taps.filter { tap($0.name) == nil }.map(\.name)
        if !missing.isEmpty {
            differences.append(
                "the taps (\(taps.map(\.name).joined(separator: ", ")) in the cache, not \(missing.joined(separator: ", ")))")
        }
        for wanted in wanted.taps {
            guard let own = tap(wanted.name), own.kept != wanted.kept else { continue }
            differences.append("teacher.cache.topK (\(own.kept) of \(own.channels) classes in the cache, \(wanted.kept) now)")
        }
        guard differences.isEmpty else {
            throw UserError(
                "\(folder): the teacher cache was made from something else: \(differences.joined(separator: "; "))",
                hint: "Give another teacher.cache.folder, or delete this one to fill it anew.")
        }
    }
}
