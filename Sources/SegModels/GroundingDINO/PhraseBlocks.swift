/// The phrases of a text as Grounding DINO takes them apart: at `[CLS]`, `[SEP]`, `.` and `?`. Pieces see those of their own phrase and the
/// stop behind it, and count their places from the stop before it.
///
/// As in the authors' code, what no stop but the last `[SEP]` ends is no phrase: each piece of it stands alone.
struct PhraseBlocks: Equatable {
    /// Row-major truth values, a row a piece: whom it sees.
    let mask: [Bool]
    let places: [Int]

    /// The numbers of the four in BERT's vocabulary; the network knows no other.
    static let separators = (start: 101, end: 102, stop: 1012, question: 1029)

    init(_ ids: [Int]) {
        let (count, marks) = (ids.count, Self.separators)
        let isSeparator = ids.map { [marks.start, marks.end, marks.stop, marks.question].contains($0) }
        var places = [Int](repeating: 0, count: count)
        var mask = [Bool](repeating: false, count: count * count)
        for piece in 0..<count { mask[piece * count + piece] = true }
        var first = 0
        for end in ids.indices where isSeparator[end] {
            if end > 0, end < count - 1 {
                for piece in first...end {
                    places[piece] = piece - first
                    for other in first...end { mask[piece * count + other] = true }
                }
            }
            first = end + 1
        }
        (self.mask, self.places) = (mask, places)
    }
}
