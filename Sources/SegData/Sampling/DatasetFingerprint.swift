import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tells whether a data set is still the one that something was made from: a hash of its classes, its samples' names, and the
/// sizes and dates of their files, which are not read.
public struct DatasetFingerprint: Sendable, Equatable {
    public let text: String

    public init(_ dataset: any Dataset) {
        var hash = FNV()
        for name in dataset.classes.names { hash.add(name) }
        for index in 0..<dataset.count {
            hash.add(dataset.name(index))
            for file in dataset.files(index) {
                var status = stat()
                guard stat(file.path, &status) == 0 else { continue }
                #if canImport(Darwin)
                    let time = status.st_mtimespec
                #else
                    let time = status.st_mtim
                #endif
                hash.add(UInt64(status.st_size))
                hash.add(UInt64(bitPattern: Int64(time.tv_sec)))
                hash.add(UInt64(bitPattern: Int64(time.tv_nsec)))
            }
        }
        text = String(hash.value, radix: 16)
    }

    /// Fowler, Noll and Vo's hash FNV-1a of 64 bits.
    private struct FNV {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325

        mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

        mutating func add(_ number: UInt64) {
            for shift in stride(from: UInt64(0), to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> shift)) }
        }

        mutating func add(_ text: String) {
            for byte in text.utf8 { add(byte) }
            add(UInt8(0))
        }
    }
}
