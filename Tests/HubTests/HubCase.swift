import Foundation
import Hub
import Support
import Testing

/// A hub, and a cache in a folder of its own that goes with it.
final class HubCase {
    let hub: FakeHub
    let cache: URL
    var token: String?
    private(set) var events: [HubEvent] = []

    static let weights = Data((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
    static let standard = [
        "config.json": Data(#"{"model_type": "tiny"}"#.utf8), "preprocessor_config.json": Data("{}".utf8),
        "README.md": Data("# Tiny\n".utf8),
        "model.safetensors": weights, "pytorch_model.bin": Data("old".utf8), "onnx/model.bin": Data("other".utf8),
    ]
    static let standardNames = ["README.md", "config.json", "preprocessor_config.json", "model.safetensors"]

    init(_ files: [String: Data] = HubCase.standard) {
        hub = FakeHub(files)
        cache = FileManager.default.temporaryDirectory.appendingPathComponent("segdistill-hub-\(UUID().uuidString)")
    }

    deinit { try? FileManager.default.removeItem(at: cache) }

    var folder: URL { cache.appendingPathComponent("models--tiny--model") }

    @discardableResult
    func fetch(
        _ files: HubFiles = .needed, revision: String = "main", offline: Bool = false, attempts: Int = 3,
        isCancelled: @escaping () -> Bool = { false }
    ) throws -> HubSnapshot {
        let settings = HubSettings(endpoint: hub.hub.url, token: token, isOffline: offline, cache: cache)
        let models = ModelHub(settings, attempts: attempts, firstDelay: 0.01, patience: 5, isCancelled: isCancelled)
        return try models.fetch(hub.repository, revision: revision, files: files) { self.events.append($0) }
    }

    /// The error that a fetch ends with.
    func problem(_ body: () throws -> HubSnapshot) -> UserError? {
        do { _ = try body() } catch { return error as? UserError }
        return nil
    }

    func text(_ path: String) throws -> String { try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8) }

    func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: folder.appendingPathComponent(path).path) }

    /// The names of files in `blobs/` that are not whole.
    var incomplete: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("blobs").path)) ?? [])
            .filter { $0.hasSuffix(".incomplete") }
    }

    var notes: [String] {
        events.compactMap { if case .note(let text) = $0 { text } else { nil } }
    }
}
