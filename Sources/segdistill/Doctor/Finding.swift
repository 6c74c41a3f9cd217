/// One line of the doctor's report.
struct Finding: Sendable, Equatable {
    enum State: Sendable {
        case present
        /// Works without, but slower or smaller.
        case absent
        /// Nothing can be trained without.
        case missing

        var mark: String {
            switch self {
            case .present: "✓"
            case .absent: "–"
            case .missing: "✗"
            }
        }
    }

    let state: State
    let name: String
    let found: String
    /// How to get what is missing.
    var advice: String?
}
