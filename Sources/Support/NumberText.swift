import Foundation

/// `value` with a fixed number of decimals, a point before them, in any locale; a dash when it is not finite.
public func fixed(_ value: Double, _ digits: Int) -> String {
    value.isFinite ? String(format: "%.\(digits)f", value) : "–"
}

/// A fraction in per cent: `61.4`.
public func percentage(_ fraction: Double, digits: Int = 1) -> String {
    let text = fixed(abs(fraction) * 100, digits)
    return fraction < 0 && Double(text) != 0 ? "−" + text : text
}

/// A difference of fractions in per cent points, with its sign: `+2.3`, `−0.4`, `0.0`.
public func signedPoints(_ difference: Double, digits: Int = 1) -> String {
    let text = fixed(abs(difference) * 100, digits)
    guard let shown = Double(text), shown != 0 else { return text }
    return (difference < 0 ? "−" : "+") + text
}

/// Three significant digits or so, for losses and rates: `0.00123`, `4.56`, `78.9`, `1234`, `1.2e-07`.
public func significant(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let size = abs(value)
    if size == 0 { return "0" }
    if size < 1e-4 || size >= 1e6 { return String(format: "%.1e", value) }
    let digits = size < 0.01 ? 5 : size < 0.1 ? 4 : size < 1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0
    return fixed(value, digits)
}

/// A count for people: `980`, `15.2 k`, `1.24 M`.
public func abbreviated(_ count: Int) -> String {
    switch abs(count) {
    case ..<10_000: String(count)
    case ..<1_000_000: fixed(Double(count) / 1e3, 1) + " k"
    case ..<1_000_000_000: fixed(Double(count) / 1e6, 2) + " M"
    default: fixed(Double(count) / 1e9, 2) + " G"
    }
}

/// A time for people: `4.2 s`, `3:07`, `1:02:45`.
public func durationText(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–" }
    if seconds < 9.95 { return fixed(seconds, 1) + " s" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(minutes):\(two(rest))"
}
