import Foundation
import Support

/// Where models come from and where they are kept. The variables are those of the Python hub, so that both share one cache.
public struct HubSettings: Sendable {
    /// The hub's address, without a path's last `/`.
    public var endpoint: URL
    /// Sent to the endpoint, and to no other host.
    public var token: String?
    /// Whether only the cache is used.
    public var isOffline: Bool
    /// The folder of the cache: `models--owner--name` lie in it.
    public var cache: URL

    public init(endpoint: URL = HubSettings.publicHub, token: String? = nil, isOffline: Bool = false, cache: URL) {
        self.endpoint = endpoint
        self.token = token
        self.isOffline = isOffline
        self.cache = cache
    }

    /// The hub that is asked when neither an argument nor `HF_ENDPOINT` names another.
    public static let publicHub = URL(string: "https://huggingface.co")!

    /// What the environment says: `HF_ENDPOINT`, `HF_TOKEN` (or the token that the Python hub's login keeps), `HF_HUB_OFFLINE`,
    /// and for the cache `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, `~/.cache`.
    /// - Parameters:
    ///   - endpoint: goes before `HF_ENDPOINT`.
    ///   - isOffline: true goes before `HF_HUB_OFFLINE`.
    /// - Throws: `UserError` when the address is not one of http or https.
    public init(
        endpoint: String? = nil, isOffline: Bool = false, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws {
        func value(_ names: String...) -> String? { names.lazy.compactMap { environment[$0] }.first { !$0.isEmpty } }
        func folder(_ path: String) -> URL { URL(fileURLWithPath: (path as NSString).expandingTildeInPath).standardizedFileURL }

        let userCache = value("XDG_CACHE_HOME").map(folder) ?? folder("~/.cache")
        let home = value("HF_HOME").map(folder) ?? userCache.appendingPathComponent("huggingface")
        cache = value("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE").map(folder) ?? home.appendingPathComponent("hub")
        self.isOffline = isOffline || Self.isTrue(value("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
        let tokenFile = value("HF_TOKEN_PATH").map(folder) ?? home.appendingPathComponent("token")
        let text = value("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN") ?? (try? String(contentsOf: tokenFile, encoding: .utf8))
        token = text.map { $0.filter { $0.isASCII && !$0.isWhitespace } }.flatMap { $0.isEmpty ? nil : $0 }
        self.endpoint = try (endpoint ?? value("HF_ENDPOINT")).map(Self.address) ?? Self.publicHub
    }

    private static func isTrue(_ text: String?) -> Bool { ["1", "ON", "YES", "TRUE"].contains(text?.uppercased()) }

    private static func address(_ text: String) throws -> URL {
        var trimmed = text
        while trimmed.hasSuffix("/") { trimmed.removeLast() }
        guard let url = URL(string: trimmed), ["http", "https"].contains(url.scheme?.lowercased()), url.host?.isEmpty == false else {
            throw UserError(
                "'\(text)' is not the address of a hub", hint: "Expected a URL such as https://huggingface.co.", exitCode: .usage)
        }
        return url
    }
}

extension URL {
    /// Scheme, host and port: what a token may be sent to.
    var origin: String {
        let scheme = scheme?.lowercased() ?? ""
        return "\(scheme)://\(host?.lowercased() ?? ""):\(port ?? (scheme == "http" ? 80 : 443))"
    }
}
