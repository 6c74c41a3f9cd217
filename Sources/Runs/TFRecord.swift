import Foundation

/// TensorFlow's record framing: length, masked CRC-32C of the length, payload, masked CRC-32C of the payload, little-endian.
enum TFRecord {
    static func frame(_ payload: Data) -> Data {
        var length = UInt64(payload.count).littleEndian
        let header = Data(bytes: &length, count: 8)
        return header + bytes(masked(crc32c(header))) + payload + bytes(masked(crc32c(payload)))
    }

    private static func bytes(_ value: UInt32) -> Data {
        var value = value.littleEndian
        return Data(bytes: &value, count: 4)
    }

    /// The framing's mask: a checksum of data that holds checksums of the same kind is weak.
    static func masked(_ crc: UInt32) -> UInt32 { (crc >> 15 | crc << 17) &+ 0xA282_EAD8 }
}

/// CRC-32C (Castagnoli), reflected polynomial 0x82F63B78 (RFC 3720, B.4).
func crc32c(_ data: Data) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in data {
        crc = castagnoliTable[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8)
    }
    return ~crc
}

private let castagnoliTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0x82F6_3B78 ^ (crc >> 1) : crc >> 1 }
}
