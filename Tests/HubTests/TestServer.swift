import Foundation

#if canImport(Glibc)
    import Glibc
    private let streamSocket = Int32(SOCK_STREAM.rawValue)
    private let sendFlags = Int32(MSG_NOSIGNAL)
#elseif canImport(Darwin)
    import Darwin
    private let streamSocket = SOCK_STREAM
    private let sendFlags: Int32 = 0
#endif

struct TestRequest: Sendable {
    var method = ""
    var path = ""
    /// By name in lower case.
    var headers: [String: String] = [:]
}

struct TestResponse: Sendable {
    var status = 200
    var headers: [String: String] = [:]
    var body = Data()
    /// Bytes of the body after which the connection is cut.
    var cut: Int?
    /// Seconds before the body.
    var delay = 0.0
}

/// An HTTP/1.1 server on a free port of this machine, in this process: a thread accepts, one for each connection answers.
final class TestServer: @unchecked Sendable {
    let port: Int
    private let descriptor: Int32
    private let lock = NSLock()
    private var log: [TestRequest] = []
    private var isStopped = false
    private let answer: @Sendable (TestRequest) -> TestResponse

    init(answer: @escaping @Sendable (TestRequest) -> TestResponse) {
        self.answer = answer
        let descriptor = socket(AF_INET, streamSocket, 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                precondition(bind(descriptor, address, length) == 0 && listen(descriptor, 64) == 0, "no port for the test's server")
                getsockname(descriptor, address, &length)
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(descriptor, nil, nil)
                guard client >= 0 else {
                    close(descriptor)
                    return
                }
                Thread.detachNewThread { [self] in serve(client) }
            }
        }
    }

    var url: URL { URL(string: "http://127.0.0.1:\(port)")! }

    /// The requests until now.
    var requests: [TestRequest] { lock.withLock { log } }

    func forget() { lock.withLock { log = [] } }

    /// Refuses connections from now on. (The accepting thread closes the socket: its number may be another's at once.)
    func stop() {
        lock.withLock {
            if !isStopped { shutdown(descriptor, Int32(SHUT_RDWR)) }
            isStopped = true
        }
    }

    private func serve(_ client: Int32) {
        defer { close(client) }
        while let request = read(client) {
            lock.withLock { log.append(request) }
            let response = answer(request)
            guard send(response, to: request, client) else { return }
        }
    }

    private func read(_ client: Int32) -> TestRequest? {
        var head = Data()
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual(Data("\r\n\r\n".utf8)) {
            guard recv(client, &byte, 1, 0) == 1 else { return nil }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
        let first = lines[0].split(separator: " ")
        var request = TestRequest(method: String(first[0]), path: String(first[1]))
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            request.headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        }
        return request
    }

    /// Whether the connection stays.
    private func send(_ response: TestResponse, to request: TestRequest, _ client: Int32) -> Bool {
        var headers = response.headers
        headers["Content-Length"] = headers["Content-Length"] ?? "\(response.body.count)"
        let head = headers.reduce("HTTP/1.1 \(response.status) Test\r\n") { "\($0)\($1.key): \($1.value)\r\n" } + "\r\n"
        guard send(Data(head.utf8), client) else { return false }
        if request.method == "HEAD" { return true }
        if response.delay > 0 { Thread.sleep(forTimeInterval: response.delay) }
        guard let cut = response.cut else { return send(response.body, client) }
        _ = send(response.body.prefix(cut), client)
        return false
    }

    private func send(_ data: Data, _ client: Int32) -> Bool {
        data.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes { Foundation.send(client, $0.baseAddress, $0.count, sendFlags) }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }
}
