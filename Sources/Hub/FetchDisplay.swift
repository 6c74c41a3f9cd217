import Foundation
import Support

/// Shows what happens during a fetch on standard error: a bar with bytes, rate and time left, and notes.
public final class FetchDisplay {
    private let label: String
    private var bar: ProgressBar?
    private var start = 0.0
    private var first = 0
    private var last = 0

    /// - Parameter label: stands before the bar; the model's name.
    public init(_ label: String) { self.label = label }

    /// Shows an event. Give this to ``ModelHub/fetch(_:revision:files:report:)``.
    public func show(_ event: HubEvent) {
        switch event {
        case .begin(_, let bytes, let present):
            bar = ProgressBar(label, total: bytes, completed: present, amount: byteCount)
            (start, first, last) = (now, present, present)
        case .progress(let file, let bytes):
            last = bytes
            bar?.update(bytes, rate: "\(rate)  \(file)")
        case .note(let text):
            if let bar { bar.note(text) } else { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
        }
    }

    /// Leaves the bar's line in its last state. Call it when the fetch has ended, well or not.
    public func finish() {
        bar?.finish(last, rate: rate)
        bar = nil
    }

    private var now: Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

    private var rate: String {
        let seconds = max(now - start, 0.001)
        return "\(byteCount(Int(Double(max(last - first, 0)) / seconds)))/s"
    }
}
