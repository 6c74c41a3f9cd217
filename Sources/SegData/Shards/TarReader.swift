import Foundation
import Support

/// A regular file inside a tar archive.
struct TarMember: Sendable, Equatable {
    let name: String
    /// Where its content starts in the archive.
    let offset: Int
    let size: Int
}

/// Lists the members of a tar archive by reading its headers alone: POSIX ustar, pax and GNU long names.
struct TarReader {
    private let url: URL
    private let handle: FileHandle
    private let length: Int
    private var position = 0

    /// - Throws: `UserError` when the archive cannot be opened.
    init(_ url: URL) throws {
        guard let handle = FileHandle(forReadingAtPath: url.path), let end = try? handle.seekToEnd() else {
            throw UserError("\(url.path): cannot be read")
        }
        self.url = url
        self.handle = handle
        length = Int(end)
    }

    /// All regular files, in the archive's order.
    /// - Throws: `UserError` naming the archive, and the member, when it is cut short or damaged, or when a name leads out of it.
    static func members(of url: URL) throws -> [TarMember] {
        var reader = try TarReader(url)
        defer { try? reader.handle.close() }
        var members: [TarMember] = []
        while let member = try reader.next() { members.append(member) }
        return members
    }

    private mutating func next() throws -> TarMember? {
        var longName: String?
        var longSize: Int?
        while true {
            guard position < length else {
                throw cutShort(after: "it has no end mark (two empty blocks)")
            }
            let block = try read(512, "a header")
            if block.allSatisfy({ $0 == 0 }) { return nil }
            let header = try TarHeader(block) ?? { throw damaged("the header at byte \(position - 512) has a wrong checksum") }()
            let size = longSize ?? header.size
            let (name, start) = (longName ?? header.name, position)
            guard size >= 0, size <= length - start else {
                throw cutShort(after: "'\(name)' should have \(size) bytes, \(length - start) are left")
            }
            position = min(length, start + (size + 511) / 512 * 512)
            switch header.kind {
            case "0", "\0", "7":
                try refuseClimbing(name)
                return TarMember(name: name, offset: start, size: size)
            case "L": longName = try text(start, size)
            case "x":
                let records = try paxRecords(text(start, size))
                longName = records["path"] ?? longName
                longSize = records["size"].flatMap { Int($0) } ?? longSize
            case "1", "2":
                throw UserError(
                    "\(url.path): the member '\(name)' is a link", hint: "Shards hold files only; pack the files that links point to.")
            default: (longName, longSize) = (nil, nil)
            }
        }
    }

    /// A name that is absolute or goes up could stand for any file of the machine.
    private func refuseClimbing(_ name: String) throws {
        let climbs = name.hasPrefix("/") || name.split(separator: "/").contains("..")
        guard !climbs else {
            throw UserError(
                "\(url.path): the member '\(name)' has a path that leads out of the archive",
                hint: "Pack the shard again with relative names without '..'.")
        }
    }

    private mutating func read(_ count: Int, _ what: String) throws -> [UInt8] {
        guard count <= length - position else { throw cutShort(after: "\(what) at byte \(position) is incomplete") }
        let bytes = try content(position, count)
        position += count
        return bytes
    }

    private func content(_ offset: Int, _ count: Int) throws -> [UInt8] {
        do {
            try handle.seek(toOffset: UInt64(offset))
            let data = try handle.read(upToCount: count) ?? Data()
            guard data.count == count else { throw cutShort(after: "byte \(offset + data.count) is its last") }
            return Array(data)
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError("\(url.path): cannot be read: \(error.localizedDescription)")
        }
    }

    private func text(_ offset: Int, _ size: Int) throws -> String {
        guard size <= 1 << 20 else { throw damaged("a name of \(size) bytes") }
        return String(decoding: try content(offset, size).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Lines of length, space, key, equals sign, value.
    private func paxRecords(_ text: String) -> [String: String] {
        var records: [String: String] = [:]
        for line in text.split(separator: "\n") {
            guard let space = line.firstIndex(of: " "), let equals = line.firstIndex(of: "="), space < equals else { continue }
            records[String(line[line.index(after: space)..<equals])] = String(line[line.index(after: equals)...])
        }
        return records
    }

    private func cutShort(after reason: String) -> UserError {
        UserError("\(url.path): the archive is cut short: \(reason)", hint: "Copy the shard again from its source.")
    }

    private func damaged(_ reason: String) -> UserError {
        UserError("\(url.path): the archive is damaged: \(reason)", hint: "Copy the shard again from its source.")
    }
}

/// A block of 512 bytes before each member.
private struct TarHeader {
    let name: String
    let size: Int
    let kind: Character

    /// Nil when the checksum is wrong.
    init?(_ block: [UInt8]) {
        func text(_ range: Range<Int>) -> String { String(decoding: block[range].prefix { $0 != 0 }, as: UTF8.self) }
        func octal(_ range: Range<Int>) -> Int? { Int(text(range).trimmingCharacters(in: .whitespaces), radix: 8) }
        let sum = block.enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        guard octal(148..<156) == sum else { return nil }
        // GNU writes sizes from 8 GiB on as a big-endian number behind a set top bit.
        let isBinary = block[124] & 0x80 != 0
        guard let size = isBinary ? block[128..<136].reduce(0, { $0 << 8 | Int($1) }) : octal(124..<136) else { return nil }
        self.size = size
        kind = Character(UnicodeScalar(block[156]))
        let prefix = text(257..<262) == "ustar" ? text(345..<500) : ""
        name = prefix.isEmpty ? text(0..<100) : prefix + "/" + text(0..<100)
    }
}
