import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A line that tells how far a long job is, how fast it goes, when it ends, and what it measures.
///
/// ```
/// distill ━━━━━━━━━━━╸─────────  55 %  660/1200  38.1 images/s  2:14 left  loss 0.612  cwd 0.0213
/// ```
/// On a terminal the line redraws itself in place, at most ten times a second. Elsewhere (a file, a pipe, CI) a plain
/// line is written every half minute and at the end.
public final class ProgressBar {
    private let label: String
    private let total: Int
    private let amount: (Int) -> String
    private let isTerminal: Bool
    private let width: () -> Int
    private let now: () -> Double
    private let write: (String) -> Void
    private let start: Double
    private let firstStep: Int
    private var lastDraw = -Double.infinity
    private var drawn = false
    private var finished = false

    /// A bar on standard error.
    /// - Parameters:
    ///   - completed: steps done before this process began, as when a run is resumed; they count as progress, not as speed.
    ///   - amount: how a number of steps is written, where they are not to be counted one by one (bytes, say).
    public convenience init(_ label: String, total: Int, completed: Int = 0, amount: @escaping (Int) -> String = { String($0) }) {
        let isTerminal = isatty(STDERR_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        self.init(
            label, total: total, completed: completed, amount: amount, isTerminal: isTerminal, width: Self.terminalWidth,
            now: { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }, write: { FileHandle.standardError.write(Data($0.utf8)) })
    }

    /// A bar with everything around it given.
    package init(
        _ label: String, total: Int, completed: Int = 0, amount: @escaping (Int) -> String = { String($0) }, isTerminal: Bool,
        width: @escaping () -> Int, now: @escaping () -> Double, write: @escaping (String) -> Void
    ) {
        self.label = label
        self.total = max(total, 1)
        self.amount = amount
        self.isTerminal = isTerminal
        self.width = width
        self.now = now
        self.write = write
        start = now()
        firstStep = completed
        // Without a terminal, the first line comes after some progress, not at once.
        if !isTerminal { lastDraw = start }
    }

    /// Tells of progress; draws when it is time to.
    /// - Parameters:
    ///   - completed: steps done so far, of `total`.
    ///   - rate: such as `38.1 images/s`; without one the bar shows steps a second.
    ///   - values: what is measured, in the order in which to show it; the line is cut where the terminal ends.
    public func update(_ completed: Int, rate: String? = nil, values: [(name: String, value: Double)] = []) {
        guard !finished else { return }
        let time = now()
        guard time - lastDraw >= (isTerminal ? 0.1 : 30) else { return }
        draw(completed, rate, values, time)
    }

    /// Draws the last state and leaves the line. Later updates do nothing.
    public func finish(_ completed: Int? = nil, rate: String? = nil, values: [(name: String, value: Double)] = []) {
        guard !finished else { return }
        draw(completed ?? total, rate, values, now())
        if isTerminal { write("\n") }
        finished = true
    }

    /// Writes a line of text without disturbing the bar.
    public func note(_ text: String) {
        write((isTerminal && drawn ? "\r\u{1B}[K" : "") + text + "\n")
        lastDraw = isTerminal ? -.infinity : lastDraw
        drawn = false
    }

    private func draw(_ completed: Int, _ rate: String?, _ values: [(name: String, value: Double)], _ time: Double) {
        lastDraw = time
        drawn = true
        let completed = min(max(completed, 0), total)
        let fraction = Double(completed) / Double(total)
        let elapsed = time - start
        let speed = elapsed > 0 ? Double(completed - firstStep) / elapsed : 0
        var parts = ["\(Int(fraction * 100)) %", "\(amount(completed))/\(amount(total))"]
        if let rate {
            parts.append(rate)
        } else if speed > 0 {
            parts.append("\(significant(speed))/s")
        }
        if completed == total {
            parts.append("in \(durationText(elapsed))")
        } else if speed > 0 {
            parts.append("\(durationText(Double(total - completed) / speed)) left")
        }
        parts += values.map { "\($0.name) \(significant($0.value))" }
        let text = parts.joined(separator: "  ")
        guard isTerminal else { return write("\(label)  \(text)\n") }
        write("\r" + cut("\(label) \(bar(fraction)) \(text)", to: width() - 1) + "\u{1B}[K")
    }

    private func bar(_ fraction: Double) -> String {
        let cells = 20
        let halves = Int(fraction * Double(2 * cells))
        let filled = String(repeating: "━", count: halves / 2) + (halves % 2 == 1 ? "╸" : "")
        return filled + String(repeating: "─", count: cells - filled.count)
    }

    private func cut(_ line: String, to width: Int) -> String {
        line.count <= width ? line : String(line.prefix(max(width - 1, 0))) + "…"
    }

    private static func terminalWidth() -> Int {
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? Int(size.ws_col) : 80
    }
}
