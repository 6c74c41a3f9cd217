import Foundation
import Support

/// What goes wrong between a hub and the cache, told with its cause and its remedy.
enum HubProblem {
    /// A file or folder of the cache that cannot be written.
    static func file(_ url: URL, _ code: Int32) -> UserError {
        let isFull = code == ENOSPC || code == EDQUOT
        return UserError(
            "cannot write \(url.path): \(String(cString: strerror(code)))",
            hint: isFull
                ? "The disk is full. Free some space and run the same command again, it goes on; or set HF_HUB_CACHE to another disk."
                : "Check that you may write there, or set HF_HUB_CACHE to another folder.")
    }

    static func file(_ url: URL, _ error: any Error) -> UserError {
        let error = error as NSError
        let inner = error.userInfo[NSUnderlyingErrorKey] as? NSError
        let code = [error, inner].compactMap { $0 }.first { $0.domain == NSPOSIXErrorDomain }?.code
        return file(url, code.map(Int32.init) ?? (error.code == NSFileWriteOutOfSpaceError ? ENOSPC : EACCES))
    }

    static func noSpace(_ needed: Int, _ free: Int, _ cache: URL) -> UserError {
        UserError(
            "\(byteCount(needed)) are to be downloaded, and \(cache.path) has room for \(byteCount(free))",
            hint: "Free some space, or set HF_HUB_CACHE to another disk.")
    }

    static func notCached(_ what: String, _ request: HubRequest, _ cache: URL) -> UserError {
        UserError(
            "\(request) is not in the cache (\(what) missing in \(cache.path)), and no hub may be asked",
            hint: "Run once without --offline and with HF_HUB_OFFLINE unset, or set HF_HUB_CACHE to the cache that has it.")
    }

    static func network(_ failure: HTTPFailure) -> UserError {
        let host = failure.url.host ?? failure.url.absoluteString
        let hint =
            switch failure.cause {
            case .unreachable:
                "Check the network, https_proxy, and the address (HF_ENDPOINT or --endpoint). "
                    + "What is in the cache needs no network: --offline."
            case .broken: "What has arrived is kept: run the same command again to go on."
            case .untrusted: "Install ca-certificates, or set CURL_CA_BUNDLE to the file with your proxy's certificate."
            case .refused: "Check the address of the hub (HF_ENDPOINT or --endpoint)."
            }
        return UserError(
            "cannot download from \(host): \(failure.reason)", hint: hint, exitCode: failure.cause == .broken ? .interrupted : .badInput)
    }

    /// A response that is not a success. `file` is nil where the list of files was asked for.
    static func status(_ response: HTTPResponse, _ request: HubRequest, file: String?, hasToken: Bool) -> UserError {
        let what = file.map { "'\($0)' of \(request)" } ?? "\(request)"
        let asked = "(\(response.status) for \(response.url.absoluteString.prefix { $0 != "?" }))"
        let page = response.url.host == HubSettings.publicHub.host ? "\(HubSettings.publicHub)/\(request.repository)" : "its page"
        switch (response.status, response["X-Error-Code"] ?? "") {
        case (_, "GatedRepo"), (403, _):
            return UserError(
                "the hub does not let you have \(what) \(asked)",
                hint:
                    "Accept the model's licence on \(page), then set HF_TOKEN to a token of that account\(hasToken ? " that may read it" : "")."
            )
        case (401, _):
            return UserError(
                "the hub does not show \(what) to \(hasToken ? "the owner of this token" : "someone without a token") \(asked)",
                hint: hasToken
                    ? "Check the name. If the model is private or gated, HF_TOKEN must belong to an account that may read it."
                    : "Check the name. If the model is private or gated, accept its licence on \(page) and set HF_TOKEN.")
        case (404, let code):
            let isRevision = code == "RevisionNotFound"
            return UserError(
                "the hub has no \(isRevision ? "revision '\(request.revision)' of \(request.repository)" : what) \(asked)",
                hint: isRevision
                    ? "Leave --revision out for 'main'." : "Check the name and the address of the hub (HF_ENDPOINT or --endpoint).")
        case (let status, _):
            let text = String(decoding: response.errorBody.prefix(200), as: UTF8.self).split(whereSeparator: \.isNewline).first
            return UserError(
                "the hub answered \(status) for \(what)\(text.map { ": \($0)" } ?? "")",
                hint: status >= 500 || status == 429 ? "The hub is busy or down. Try again later; what has arrived is kept." : nil)
        }
    }

    static func layout(_ what: String, _ url: URL) -> UserError {
        UserError(
            "\(url.absoluteString) \(what)", hint: "The hub must follow Hugging Face's layout; check HF_ENDPOINT or --endpoint.")
    }

    static func digest(_ file: String, _ digest: FileDigest, _ actual: String) -> UserError {
        UserError(
            "'\(file)' arrived damaged: expected \(digest.name) \(digest.expected), found \(actual); it was deleted",
            hint: "Run the same command again. If it happens again, the hub or something on the way to it changes files.")
    }

    static let cancelled = UserError(
        "interrupted; what has arrived is kept", hint: "Run the same command again to go on.", exitCode: .interrupted)
}

/// What was asked for, for messages.
struct HubRequest: CustomStringConvertible {
    var repository: HubRepository
    var revision: String

    var description: String { revision == "main" ? "\(repository)" : "\(repository) at \(revision)" }
}

/// Bytes for people, in powers of 1000 as disks and hubs count: `512 B`, `15.3 kB`, `1.24 GB`.
package func byteCount(_ bytes: Int) -> String {
    switch bytes {
    case ..<1000: "\(bytes) B"
    case ..<1_000_000: "\(fixed(Double(bytes) / 1e3, 1)) kB"
    case ..<1_000_000_000: "\(fixed(Double(bytes) / 1e6, 1)) MB"
    default: "\(fixed(Double(bytes) / 1e9, 2)) GB"
    }
}
