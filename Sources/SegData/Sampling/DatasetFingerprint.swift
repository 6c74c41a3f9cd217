import Foundation
import Support

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
        text = hash.text
    }
}
