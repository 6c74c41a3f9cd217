import Foundation

/// A request without a body.
struct HTTPRequest {
    enum Method {
        case head, get
    }

    var url: URL
    var method = Method.get
    /// Sent as they are.
    var headers: [(name: String, value: String)] = []
}

/// A response's status and headers. Redirects are not followed: who asks decides which to follow, and with which headers.
struct HTTPResponse {
    var url: URL
    var status = 0
    /// By name in lower case.
    var headers: [String: String] = [:]
    /// The first kilobytes of the body of a response that is not a success; for messages.
    var errorBody = Data()

    subscript(name: String) -> String? { headers[name.lowercased()] }
    var isSuccess: Bool { (200..<300).contains(status) }

    /// The target of a redirect.
    var redirect: URL? {
        guard [301, 302, 303, 307, 308].contains(status), let location = self["location"] else { return nil }
        return URL(string: location, relativeTo: url)?.absoluteURL
    }
}

/// A request that got no whole response.
struct HTTPFailure: Error {
    enum Cause {
        /// There is no way to the host.
        case unreachable
        /// The connection broke or stood still on the way.
        case broken
        /// The host's certificate is not trusted.
        case untrusted
        /// Asking again gives the same.
        case refused
    }

    var url: URL
    var cause: Cause
    /// What libcurl says.
    var reason: String
    var isTransient: Bool { cause == .unreachable || cause == .broken }
}

/// Thrown when `isCancelled` says so.
struct HTTPCancelled: Error {}
