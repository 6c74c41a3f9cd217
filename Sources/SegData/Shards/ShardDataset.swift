import Foundation
import Support
import Vision

/// Samples in tar shards as WebDataset lays them out: the files of a sample share a key and follow each other, `key.jpg`, `key.png`.
///
/// The index is built once from the archives' headers. Samples can be read in any order; read in their own order, every shard is
/// read from its start to its end, which suits disks that seek slowly and data that lies far away.
public struct ShardDataset: Dataset {
    /// The files of one sample inside a shard.
    private struct Entry {
        let shard: Int32
        let name: String
        let image: TarMember
        let labels: TarMember?
    }

    public let classes: ClassList
    /// The samples of each shard, in the order of the shards' names.
    public let shards: [Range<Int>]
    private let urls: [URL]
    private let entries: [Entry]
    private let reader: LabelReader

    /// - Parameters:
    ///   - shards: tar archives.
    ///   - ignoring: label values besides 255 that stand for no class.
    /// - Throws: `UserError` naming the shard, and the member, when one is cut short or damaged, has no image for a key, or names a
    ///   path outside of it.
    public init(_ urls: [URL], classes: ClassList, ignoring: Set<UInt8> = []) throws {
        self.urls = urls
        self.classes = classes
        reader = LabelReader(classes: classes, coding: .indices(ignoring: ignoring))
        var entries: [Entry] = []
        var shards: [Range<Int>] = []
        for (number, url) in urls.enumerated() {
            let start = entries.count
            entries += try Self.entries(of: url, Int32(number))
            shards.append(start..<entries.count)
        }
        self.entries = entries
        self.shards = shards
    }

    public var count: Int { entries.count }
    public func name(_ index: Int) -> String {
        "\(urls[Int(entries[index].shard)].deletingPathExtension().lastPathComponent)/\(entries[index].name)"
    }
    public func files(_ index: Int) -> [URL] { [urls[Int(entries[index].shard)]] }
    public func sample(_ index: Int) throws -> Sample { try open(index).whole() }

    public func open(_ index: Int) throws -> any SampleReader {
        let entry = entries[index]
        let shard = urls[Int(entry.shard)]
        let image = try EncodedImage(Self.bytes(of: entry.image, in: shard), name: "\(shard.path): \(entry.image.name)")
        return FileSample(name(index), image) {
            try entry.labels.map { member in
                let name = "\(shard.path): \(member.name)"
                let labels = try reader.read(Self.bytes(of: member, in: shard), name: name)
                guard labels.width == image.width, labels.height == image.height else {
                    throw SampleError(
                        kind: .size,
                        message: "\(name): expected labels of \(image.width)×\(image.height), found \(labels.width)×\(labels.height)",
                        hint: "Labels need the size of their image.")
                }
                return labels
            }
        } instances: { _ in
            nil
        }
    }

    private static func bytes(of member: TarMember, in shard: URL) throws -> [UInt8] {
        try FileBytes.read(shard, at: member.offset, count: member.size, name: "\(shard.path): \(member.name)")
    }

    /// A key is a path up to the first dot of its last part.
    private static func entries(of url: URL, _ shard: Int32) throws -> [Entry] {
        var entries: [Entry] = []
        var group: (key: String, files: [(ending: String, member: TarMember)]) = ("", [])
        var seen: Set<String> = []
        func close() throws {
            guard !group.files.isEmpty else { return }
            guard seen.insert(group.key).inserted else {
                throw UserError(
                    "\(url.path): the files of '\(group.key)' do not follow each other, or there are two samples of that name",
                    hint: "Pack the files of a sample one after the other, as tar --sort=name does.")
            }
            entries.append(try entry(shard, url, group.key, group.files))
        }
        for member in try TarReader.members(of: url) {
            let folder = member.name.lastIndex(of: "/").map { member.name[...$0] } ?? ""
            let file = member.name.dropFirst(folder.count)
            guard let dot = file.firstIndex(of: "."), dot > file.startIndex else { continue }
            let key = String(folder + file[..<dot])
            if key != group.key {
                try close()
                group = (key, [])
            }
            group.files.append((file[file.index(after: dot)...].lowercased(), member))
        }
        try close()
        return entries
    }

    private static let photograph: Set<String> = ["jpg", "jpeg", "image.jpg", "image.jpeg", "image.png", "img.jpg", "img.png"]
    private static let labelled: Set<String> = ["label.png", "labels.png", "mask.png", "seg.png", "target.png"]

    private static func entry(
        _ shard: Int32, _ url: URL, _ key: String, _ files: [(ending: String, member: TarMember)]
    ) throws -> Entry {
        let named = files.first { photograph.contains($0.ending) }?.member
        let plain = files.first { $0.ending == "png" }?.member
        guard let image = named ?? plain else {
            throw UserError(
                "\(url.path): '\(key)' has no image, but \(files.map(\.ending).joined(separator: ", "))",
                hint: "Expected \(key).jpg with its labels \(key).png, or \(key).png with \(key).label.png.")
        }
        let labels = files.first { labelled.contains($0.ending) }?.member ?? (named == nil ? nil : plain)
        return Entry(shard: shard, name: key, image: image, labels: labels)
    }
}
