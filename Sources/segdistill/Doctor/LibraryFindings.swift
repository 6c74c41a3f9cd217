import Foundation
import Support
import Vision

/// The image libraries, tried on a picture of one pixel.
enum LibraryFindings {
    static func all() -> [Finding] {
        [
            finding("JPEG", library: "libturbojpeg", package: "libturbojpeg0-dev", brew: "jpeg-turbo", file: "pixel.jpg"),
            finding("PNG", library: "libspng", package: "libspng-dev", brew: "libspng", file: "pixel.png"),
        ]
    }

    private static func finding(_ name: String, library: String, package: String, brew: String, file: String) -> Finding {
        let path = loadedPath(of: library) ?? library
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("segdistill-\(getpid())-\(file)")
        defer { try? FileManager.default.removeItem(at: url) }
        do {
            try Image(width: 1, height: 1).write(to: url)
            _ = try Image(contentsOf: url)
            return Finding(state: .present, name: name, found: path)
        } catch {
            return Finding(
                state: .missing, name: name, found: "\(path): \(error)",
                advice: "Debian, Ubuntu: apt-get install \(package); macOS: brew install \(brew)")
        }
    }

    /// Where the running program has loaded the library from; nil where the system does not tell.
    private static func loadedPath(of library: String) -> String? {
        guard let maps = systemFile("/proc/self/maps") else { return nil }
        let line = maps.split(separator: "\n").first { $0.contains("/\(library)") }
        return line.flatMap { $0.split(separator: " ").last.map(String.init) }
    }
}
