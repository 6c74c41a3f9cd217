/// The directory of a zip archive: where each entry's bytes lie in the file. Zip64 included; the format is PKWARE's APPNOTE.
struct ZipDirectory {
    /// The byte range of each entry, as stored, by its name.
    private var entries: [String: Range<Int>] = [:]
    private var compressed: Set<String> = []
    private let bytes: UnsafeRawBufferPointer

    private static let longestComment = 65_535

    /// - Throws: ``TensorFileProblem/badArchive(_:)``.
    init(_ bytes: UnsafeRawBufferPointer) throws {
        self.bytes = bytes
        do {
            try readDirectory()
        } catch is ByteReader.EndOfBytes {
            throw TensorFileProblem.badArchive("its directory is cut short")
        }
    }

    var names: some Collection<String> { entries.keys }

    /// The bytes of the entry called `name`, or nil when there is none.
    /// - Throws: ``TensorFileProblem/badArchive(_:)`` when they are compressed, which `torch.save` never does.
    func range(_ name: String) throws -> Range<Int>? {
        guard !compressed.contains(name) else { throw TensorFileProblem.badArchive("'\(name)' is compressed") }
        return entries[name]
    }

    private func reader(at position: UInt64) throws -> ByteReader {
        guard position <= bytes.count else { throw ByteReader.EndOfBytes() }
        return ByteReader(bytes, Int(position)..<bytes.count)
    }

    private mutating func readDirectory() throws {
        var (count, offset) = try endRecord()
        var reader = try reader(at: offset)
        while count > 0 {
            try readEntry(&reader)
            count -= 1
        }
    }

    /// The number of entries and the directory's offset, from the record at the archive's end.
    private func endRecord() throws -> (count: UInt64, offset: UInt64) {
        let signature: [UInt8] = [0x50, 0x4B, 5, 6]
        let last = bytes.count - 22
        guard last >= 0,
            let end = (max(0, last - Self.longestComment)...last).reversed().first(where: { bytes[$0..<$0 + 4].elementsEqual(signature) })
        else { throw TensorFileProblem.badArchive("its end is missing") }
        var record = try reader(at: UInt64(end + 10))
        let count = UInt64(try record.integer(UInt16.self))
        _ = try record.integer(UInt32.self)
        let offset = UInt64(try record.integer(UInt32.self))
        guard count == 0xFFFF || offset == 0xFFFF_FFFF else { return (count, offset) }

        guard end >= 20 else { throw TensorFileProblem.badArchive("its zip64 end is missing") }
        var locator = try reader(at: UInt64(end - 20))
        guard try locator.integer(UInt32.self) == 0x0706_4B50 else { return (count, offset) }
        _ = try locator.integer(UInt32.self)
        var record64 = try reader(at: try locator.integer(UInt64.self))
        guard try record64.integer(UInt32.self) == 0x0606_4B50 else { throw TensorFileProblem.badArchive("its zip64 end is missing") }
        _ = try record64.take(28)
        let count64 = try record64.integer(UInt64.self)
        _ = try record64.integer(UInt64.self)
        return (count64, try record64.integer(UInt64.self))
    }

    /// Reads one directory record and adds the entry it describes.
    private mutating func readEntry(_ reader: inout ByteReader) throws {
        guard try reader.integer(UInt32.self) == 0x0201_4B50 else { throw TensorFileProblem.badArchive("its directory is damaged") }
        _ = try reader.take(4)
        let flags = try reader.integer(UInt16.self)
        let method = try reader.integer(UInt16.self)
        _ = try reader.take(8)
        var storedSize = UInt64(try reader.integer(UInt32.self))
        var size = UInt64(try reader.integer(UInt32.self))
        let nameLength = try reader.integer(UInt16.self)
        let extraLength = try reader.integer(UInt16.self)
        let commentLength = try reader.integer(UInt16.self)
        _ = try reader.take(8)
        var offset = UInt64(try reader.integer(UInt32.self))
        let nameBytes = try reader.take(nameLength)
        let extra = try reader.take(extraLength)
        _ = try reader.take(commentLength)

        let name = String(decoding: nameBytes, as: UTF8.self)
        try Self.readZip64(extra, &size, &storedSize, &offset)
        guard flags & 1 == 0 else { throw TensorFileProblem.badArchive("'\(name)' is encrypted") }
        if method != 0 || size != storedSize { compressed.insert(name) }

        let range = try dataRange(name: nameBytes, offset: offset, size: storedSize)
        guard entries.updateValue(range, forKey: name) == nil else { throw TensorFileProblem.badArchive("'\(name)' occurs twice") }
    }

    /// Replaces the numbers that did not fit into 32 bits by those in the zip64 field.
    private static func readZip64(_ extra: UnsafeRawBufferPointer, _ size: inout UInt64, _ storedSize: inout UInt64, _ offset: inout UInt64)
        throws
    {
        var reader = ByteReader(extra, 0..<extra.count)
        while reader.remaining >= 4 {
            let id = try reader.integer(UInt16.self)
            let field = try reader.take(try reader.integer(UInt16.self))
            guard id == 1 else { continue }
            var numbers = ByteReader(field, 0..<field.count)
            if size == 0xFFFF_FFFF { size = try numbers.integer(UInt64.self) }
            if storedSize == 0xFFFF_FFFF { storedSize = try numbers.integer(UInt64.self) }
            if offset == 0xFFFF_FFFF { offset = try numbers.integer(UInt64.self) }
        }
    }

    /// The entry's bytes follow its local header, whose length only that header tells.
    private func dataRange(name: UnsafeRawBufferPointer, offset: UInt64, size: UInt64) throws -> Range<Int> {
        var header = try reader(at: offset)
        guard try header.integer(UInt32.self) == 0x0403_4B50 else { throw TensorFileProblem.badArchive("an entry's header is damaged") }
        _ = try header.take(22)
        let nameLength = try header.integer(UInt16.self)
        let extraLength = try header.integer(UInt16.self)
        guard try header.take(nameLength).elementsEqual(name) else { throw TensorFileProblem.badArchive("directory and entries disagree") }
        _ = try header.take(extraLength)
        let start = header.position
        return start..<start + (try header.take(size)).count
    }
}
