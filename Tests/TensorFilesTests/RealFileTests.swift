import Foundation
import TensorFiles
import Testing

/// Published networks in PyTorch's legacy format, which lie beside the repository where somebody has put them there.
@Suite struct RealFileTests {
    static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .appendingPathComponent("../../../../shared/weights").standardizedFileURL

    static let checkpoints: [URL] = {
        let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL } ?? []
        return found.filter { $0.pathExtension == "pth" }.sorted { $0.path < $1.path }
    }()

    @Test(.enabled(if: !checkpoints.isEmpty, "needs ../shared/weights beside the repository"))
    func publishedCheckpointsEqualTheirTwins() throws {
        var twins = 0
        for url in Self.checkpoints {
            let archive = try TensorArchive.open(url)
            #expect(archive.entries.count > 50, "\(url.lastPathComponent)")
            let twin = url.deletingPathExtension().appendingPathExtension("safetensors")
            guard FileManager.default.fileExists(atPath: twin.path) else { continue }
            expectEqual(archive, try TensorArchive.open(twin))
            twins += 1
        }
        #expect(twins > 0)
    }
}
