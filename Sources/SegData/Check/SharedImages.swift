import Foundation
import Support

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Images that stand in two data sets, byte for byte: what is learnt from one would be tested in the other.
///
/// Only files of equal size are read. Copies that were scaled or compressed again are found by ``Duplicates``. Images inside of shards,
/// and those that are rendered, are not compared.
public struct SharedImages: Sendable {
    public struct Pair: Sendable, Equatable {
        public let first: URL
        public let second: URL
    }

    /// In the order of the second data set; each of its images once.
    public let pairs: [Pair]

    /// - Throws: `UserError` for a file that cannot be read.
    public init(_ first: any Dataset, _ second: any Dataset) throws {
        let wanted = Set((0..<second.count).compactMap { Self.image(second, $0).flatMap(Self.size) })
        var candidates: [Int: [URL]] = [:]
        for index in 0..<first.count {
            guard let file = Self.image(first, index), let size = Self.size(file), wanted.contains(size) else { continue }
            candidates[size, default: []].append(file)
        }
        var hashes: [Int: [UInt64: URL]] = [:]
        var pairs: [Pair] = []
        for index in 0..<second.count {
            guard let file = Self.image(second, index), let size = Self.size(file), let others = candidates[size] else { continue }
            if hashes[size] == nil {
                hashes[size] = Dictionary(try others.map { (try Self.hash($0), $0) }, uniquingKeysWith: { first, _ in first })
            }
            if let other = hashes[size]?[try Self.hash(file)] { pairs.append(Pair(first: other, second: file)) }
        }
        self.pairs = pairs
    }

    /// The image's own file.
    private static func image(_ dataset: any Dataset, _ index: Int) -> URL? {
        dataset.files(index).first.flatMap { $0.pathExtension == "tar" ? nil : $0 }
    }

    private static func size(_ file: URL) -> Int? {
        var status = stat()
        return stat(file.path, &status) == 0 ? Int(status.st_size) : nil
    }

    private static func hash(_ file: URL) throws -> UInt64 {
        let content: Data
        do { content = try Data(contentsOf: file, options: .mappedIfSafe) } catch {
            throw UserError("\(file.path): cannot be read: \(error.localizedDescription)")
        }
        var hash = FNV()
        content.withUnsafeBytes { hash.add($0) }
        return hash.value
    }
}
