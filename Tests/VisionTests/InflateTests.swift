import Foundation
import Support
import Testing

@Suite struct InflateTests {
    struct Streams: Decodable {
        struct Case: Decodable {
            let name: String
            let stream: Data
            let count: Int
            let crc: UInt32
            let adler: UInt32
        }
        let cases: [Case]
    }

    private let cases: [Streams.Case]

    init() throws { cases = try Fixture.load("inflate", as: Streams.self).cases }

    private func inflate(_ stream: [UInt8], _ count: Int) throws -> (bytes: [UInt8], read: Int) {
        var output = [UInt8](repeating: 0xAA, count: count)
        let result = try stream.withUnsafeBufferPointer { input in
            try output.withUnsafeMutableBufferPointer { try Inflate.zlib(input, into: $0) }
        }
        return (Array(output[..<result.written]), result.read)
    }

    private func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc = CRC32()
        bytes.withUnsafeBytes { crc.update($0) }
        return crc.value
    }

    @Test func everyKindOfBlockIsWhatZlibMadeItFrom() throws {
        #expect(cases.count == 51)
        for entry in cases {
            let (bytes, read) = try inflate(Array(entry.stream), entry.count + 40)
            #expect(bytes.count == entry.count, "\(entry.name)")
            #expect(checksum(bytes) == entry.crc, "\(entry.name)")
            // What follows is the checksum of four bytes.
            #expect(read == entry.stream.count - 4, "\(entry.name)")
        }
    }

    @Test func aStreamIsReadAsFarAsItIsWanted() throws {
        for entry in cases {
            let whole = try inflate(Array(entry.stream), entry.count).bytes
            for count in [0, 1, entry.count / 3, entry.count - 1] {
                let (bytes, read) = try inflate(Array(entry.stream), count)
                #expect(bytes == Array(whole[..<count]), "\(entry.name) \(count)")
                if count == entry.count / 3, entry.count > 1000 { #expect(read < entry.stream.count * 2 / 3, "\(entry.name)") }
            }
        }
    }

    @Test func streamsThatAreCutShortAreRefused() throws {
        for entry in cases {
            for length in stride(from: 0, to: entry.stream.count - 4, by: max(1, entry.stream.count / 40)) {
                #expect(throws: Inflate.Damage.self, "\(entry.name) \(length)") {
                    try inflate(Array(entry.stream[..<length]), entry.count + 1)
                }
            }
        }
    }

    @Test func damagedStreamsNeverWriteElsewhere() throws {
        for entry in cases {
            var random = SeededRandom(9, entry.stream.count)
            for _ in 0..<60 {
                var stream = Array(entry.stream)
                for _ in 0..<3 { stream[2 + random.below(stream.count - 2)] = UInt8(random.below(256)) }
                do { #expect(try inflate(stream, entry.count).bytes.count <= entry.count) } catch { #expect(error is Inflate.Damage) }
            }
        }
    }

    @Test func checksumsDoNotDependOnTheirPieces() {
        // The check value of the CRC catalogue.
        #expect(checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * $0) }
        var crc = CRC32()
        for piece in [0..<3, 3..<500, 500..<500, 500..<1000] { bytes[piece].withUnsafeBytes { crc.update($0) } }
        #expect(crc.value == checksum(bytes))
    }
}
