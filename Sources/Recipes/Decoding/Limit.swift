/// The numbers that a key accepts, and how a message says so.
struct Limit<Value: Comparable & Sendable>: Sendable {
    let text: String
    let contains: @Sendable (Value) -> Bool

    static func atLeast(_ low: Value) -> Limit { Limit(text: "of at least \(low)") { $0 >= low } }

    static func above(_ low: Value) -> Limit { Limit(text: "greater than \(low)") { $0 > low } }

    /// Both ends included.
    static func from(_ low: Value, to high: Value) -> Limit {
        Limit(text: "from \(low) to \(high)") { $0 >= low && $0 <= high }
    }

    /// `high` itself is excluded.
    static func from(_ low: Value, below high: Value) -> Limit {
        Limit(text: "of at least \(low) and less than \(high)") { $0 >= low && $0 < high }
    }
}
