import Support
import Torch

/// How far a tensor is from what it should be.
public struct Comparison: Sendable, CustomStringConvertible {
    public let isClose: Bool
    /// The largest difference, divided by the largest absolute value expected; infinite where shapes, or places of
    /// infinite values or NaN, differ.
    public let relativeError: Double
    /// Error, place and values; or how the shapes differ.
    public let description: String
}

/// Compares every element; the error is measured against the largest absolute value expected in the whole tensor, because
/// the rounding error of a sum grows with its terms and not with its result.
///
/// NaN equals NaN, and an infinity itself. Tensors of whole numbers and truth values must be equal.
public func compare(_ actual: Tensor, _ expected: Tensor, relative: Double = 1e-5) -> Comparison {
    guard actual.shape == expected.shape else {
        return Comparison(
            isClose: false, relativeError: .infinity, description: "expected the shape \(expected.shape), found \(actual.shape)")
    }
    let (found, wanted) = (actual.array(of: Double.self), expected.array(of: Double.self))
    let scale = wanted.lazy.filter(\.isFinite).map(abs).max() ?? 0
    var worst = (error: 0.0, index: 0)
    for (index, (a, b)) in zip(found, wanted).enumerated() {
        let error = a == b || (a.isNaN && b.isNaN) ? 0 : (a - b).isFinite ? abs(a - b) : .infinity
        if error > worst.error { worst = (error, index) }
    }
    let isExact = !(actual.dtype.isFloatingPoint && expected.dtype.isFloatingPoint)
    let isClose = worst.error <= (isExact ? 0 : relative * scale)
    let relativeError = worst.error == 0 ? 0 : worst.error / scale
    guard worst.error > 0 else { return Comparison(isClose: true, relativeError: 0, description: "equal") }
    let limit = isExact ? "exact" : "at most \(relative)"
    let place = position(of: worst.index, in: expected.shape)
    return Comparison(
        isClose: isClose, relativeError: relativeError,
        description: """
            relative error \(relativeError) (\(limit)) at \(place) of \(expected.shape): \
            expected \(wanted[worst.index]), found \(found[worst.index]); largest expected \(scale)
            """)
}

/// A comparison that failed; test frameworks show its description.
public struct NotClose: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// As ``compare(_:_:relative:)``, throwing.
/// - Parameter what: what is compared, for the message.
/// - Throws: ``NotClose``.
public func assertClose(_ actual: Tensor, _ expected: Tensor, relative: Double = 1e-5, _ what: String = "tensor") throws {
    let comparison = compare(actual, expected, relative: relative)
    if !comparison.isClose { throw NotClose("\(what): \(comparison)") }
}

/// As ``assertClose(_:_:relative:_:)-(Tensor,_,_,_)`` for single numbers.
/// - Throws: ``NotClose``.
public func assertClose(_ actual: Double, _ expected: Double, relative: Double = 1e-5, _ what: String = "number") throws {
    let isClose = actual == expected || abs(actual - expected) <= relative * abs(expected)
    if !isClose { throw NotClose("\(what): expected \(expected) (within \(relative)), found \(actual)") }
}

private func position(of index: Int, in shape: [Int]) -> [Int] {
    var rest = index
    var place: [Int] = []
    for size in shape.reversed() {
        place.insert(rest % size, at: 0)
        rest /= size
    }
    return place
}
