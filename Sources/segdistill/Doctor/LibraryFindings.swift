import Foundation
import Hub
import Support
import Vision

/// The image libraries, tried on a picture of one pixel, and those that downloading opens.
enum LibraryFindings {
    static func all() -> [Finding] {
        [
            finding("JPEG", library: "libjpeg", package: "libjpeg-dev", brew: "jpeg-turbo", file: "pixel.jpg"),
            finding("PNG", library: "libspng", package: "libspng-dev", brew: "libspng", file: "pixel.png"),
            downloads(),
        ]
    }

    private static func downloads() -> Finding {
        do {
            try ModelHub.openLibraries()
            let found = ["libcurl", "libcrypto"].map { loadedPath(of: $0) ?? $0 }
            return Finding(state: .present, name: "downloads", found: found.joined(separator: ", "))
        } catch let error as UserError {
            return Finding(state: .absent, name: "downloads", found: error.message, advice: error.hint)
        } catch {
            return Finding(state: .absent, name: "downloads", found: "\(error)")
        }
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
