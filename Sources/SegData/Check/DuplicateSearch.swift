import Vision

/// Finds pictures that are alike among many.
struct DuplicateSearch {
    /// Pictures whose hashes differ in at most this many bits, and in brightness by at most ``brightness``, count as one.
    static let bits = 3
    static let brightness = 4.0

    /// Groups of alike pictures, each by ascending index; pictures without a hash are in none.
    ///
    /// Hashes are cut into four bands of 16 bits: two that differ in at most three bits agree in one band at least, so only
    /// pictures with a band in common are compared.
    static func groups(_ hashes: [PerceptualHash?]) -> [[Int]] {
        var parents = Array(hashes.indices)
        func root(_ index: Int) -> Int {
            var index = index
            while parents[index] != index {
                parents[index] = parents[parents[index]]
                index = parents[index]
            }
            return index
        }
        var buckets: [UInt32: [Int]] = [:]
        for (index, hash) in hashes.enumerated() {
            guard let hash, hash.isTelling else { continue }
            for band in 0..<4 as Range<UInt32> {
                let key = band << 16 | UInt32(hash.bits >> UInt64(16 * band) & 0xFFFF)
                for other in buckets[key] ?? [] where root(other) != root(index) && isAlike(hash, hashes[other]!) {
                    parents[root(index)] = root(other)
                }
                buckets[key, default: []].append(index)
            }
        }
        let members = Dictionary(grouping: hashes.indices, by: root).values.filter { $0.count > 1 }
        return members.map { $0.sorted() }.sorted { $0[0] < $1[0] }
    }

    private static func isAlike(_ one: PerceptualHash, _ other: PerceptualHash) -> Bool {
        one.distance(to: other) <= bits && one.difference(to: other) <= brightness
    }
}
