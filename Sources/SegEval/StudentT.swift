#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Student's t distribution.
public struct StudentT: Sendable {
    /// Greater than 0; need not be whole.
    public let degreesOfFreedom: Double

    public init(degreesOfFreedom: Double) {
        precondition(degreesOfFreedom > 0, "a t distribution has more than 0 degrees of freedom")
        self.degreesOfFreedom = degreesOfFreedom
    }

    /// P(|T| ≥ |t|), the two-sided p-value.
    public func twoSidedTail(_ t: Double) -> Double {
        guard t.isFinite else { return t.isNaN ? .nan : 0 }
        let nu = degreesOfFreedom
        return regularizedBeta(nu / (nu + t * t), nu / 2, 0.5)
    }

    /// The t with P(|T| < t) = `confidence`, by which half the width of a confidence interval is measured.
    public func twoSidedQuantile(_ confidence: Double) -> Double {
        precondition(confidence > 0 && confidence < 1, "a confidence lies between 0 and 1")
        let tail = 1 - confidence
        var upper = 1.0
        while twoSidedTail(upper) > tail { upper *= 2 }
        var lower = upper == 1 ? 0 : upper / 2
        // Bisection: 60 halvings reach the last bit, and nobody waits for them.
        for _ in 0..<60 {
            let middle = (lower + upper) / 2
            if twoSidedTail(middle) > tail { lower = middle } else { upper = middle }
        }
        return (lower + upper) / 2
    }
}

/// The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22) with Lentz's method.
func regularizedBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // The fraction converges fast only for x below the mean; above it the symmetry I_x(a,b) = 1 − I_{1−x}(b,a) helps.
    if x > (a + 1) / (a + b + 2) { return 1 - regularizedBeta(1 - x, b, a) }
    let logarithm = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    let tiny = 1e-300
    var c = 1.0
    var d = 1 / max(1 - (a + b) * x / (a + 1), tiny)
    var fraction = d
    for m in 1...10_000 {
        let m = Double(m)
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        var change = 1.0
        for coefficient in [even, odd] {
            d = 1 / nonZero(1 + coefficient * d, tiny)
            c = nonZero(1 + coefficient / c, tiny)
            change = c * d
            fraction *= change
        }
        if abs(change - 1) < 1e-16 { break }
    }
    return exp(logarithm) * fraction / a
}

private func nonZero(_ value: Double, _ tiny: Double) -> Double { abs(value) < tiny ? tiny : value }
