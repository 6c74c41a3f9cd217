import Foundation

/// The text of one of the kernel's files, whose size is not known before it is read; nil where there is none.
public func systemFile(_ path: String) -> String? {
    let handle = FileHandle(forReadingAtPath: path)
    guard let data = try? handle?.readToEnd() else { return nil }
    return String(decoding: data, as: UTF8.self)
}
