import Foundation
import Support

/// How often to ask again when a connection breaks or a server is busy, and how long to wait in between: twice as long each time.
struct RetryPolicy {
    /// Attempts without any progress before giving up.
    var attempts = 5
    /// Seconds before the second attempt.
    var firstDelay = 1.0
    /// Seconds without a byte after which a connection counts as broken.
    var patience = 60
    var isCancelled: () -> Bool = { false }
    /// Told of each wait.
    var note: (String) -> Void = { _ in }

    /// Runs `body` until it returns, or throws something that another attempt does not change.
    /// - Parameter progress: a number that grows when an attempt got further; then the count of attempts begins again.
    func run<Result>(progress: () -> Int = { 0 }, _ body: () throws -> Result) throws -> Result {
        var failures = 0
        while true {
            let before = progress()
            do {
                return try body()
            } catch {
                guard var wait = delay(after: error) else { throw error }
                failures = progress() > before ? 1 : failures + 1
                // With no way to the host at all, three attempts tell enough.
                let isUnreachable = (error as? HTTPFailure)?.cause == .unreachable
                guard failures < (isUnreachable ? min(3, attempts) : attempts) else { throw error }
                wait = max(wait, min(firstDelay * pow(2, Double(failures - 1)), 30))
                note("\(reason(error)); trying again in \(durationText(wait))")
                try sleep(wait)
            }
        }
    }

    /// Seconds that the server asks for, or 0; nil when another attempt is of no use.
    private func delay(after error: any Error) -> Double? {
        switch error {
        case let error as HTTPFailure where error.isTransient: 0
        case let error as TransientStatus: min(max(error.wait ?? 0, 0), 120)
        default: nil
        }
    }

    private func reason(_ error: any Error) -> String {
        (error as? HTTPFailure)?.reason ?? (error as? TransientStatus)?.problem.message ?? "\(error)"
    }

    private func sleep(_ seconds: Double) throws {
        let end = Date(timeIntervalSinceNow: seconds)
        while end.timeIntervalSinceNow > 0 {
            guard !isCancelled() else { throw HTTPCancelled() }
            Thread.sleep(forTimeInterval: min(0.1, max(end.timeIntervalSinceNow, 0)))
        }
    }
}
