/// BERT's tokenizer (Devlin et al. 2019): words are cut into the longest pieces that a vocabulary has, from the left; a word that can't
/// be is one unknown piece.
public struct WordPieceTokenizer: Sendable {
    /// A part of a text.
    public struct Piece: Sendable, Equatable {
        /// Its number in the vocabulary.
        public let id: Int
        /// The word that it is a part of, as the vocabulary would have it: `cafe` for `Café`.
        public let word: String
    }

    public let vocabulary: Vocabulary
    /// The numbers of `[CLS]`, `[SEP]` and `[UNK]`.
    public let start: Int
    public let end: Int
    public let unknown: Int
    /// Words of more characters are unknown.
    private let longestWord: Int
    /// Before each piece of a word but the first.
    private let continuation: [UInt8]
    /// Names that stand for themselves wherever a text has them, `[SEP]` say.
    private let specials: [(name: [Unicode.Scalar], id: Int)]
    private let splitter: WordSplitter

    init(
        _ vocabulary: Vocabulary, start: Int, end: Int, unknown: Int, specials: [String: Int], longestWord: Int = 100,
        continuation: String = "##", splitter: WordSplitter
    ) {
        self.vocabulary = vocabulary
        (self.start, self.end, self.unknown) = (start, end, unknown)
        self.specials = specials.map { (Array($0.key.unicodeScalars), $0.value) }.sorted { $0.name.count > $1.name.count }
        self.longestWord = longestWord
        self.continuation = Array(continuation.utf8)
        self.splitter = splitter
    }

    /// The numbers of a text's pieces between `[CLS]` and `[SEP]`.
    public func callAsFunction(_ text: String) -> [Int] { [start] + pieces(text).map(\.id) + [end] }

    /// The pieces of a text alone.
    public func pieces(_ text: String) -> [Piece] {
        let scalars = Array(text.unicodeScalars)
        var result: [Piece] = []
        var (first, place) = (0, 0)
        func add(upTo end: Int) { for word in splitter.words(scalars[first..<end]) { result += pieces(of: word) } }
        while place < scalars.count {
            guard let special = specials.first(where: { scalars[place...].starts(with: $0.name) }) else {
                place += 1
                continue
            }
            add(upTo: place)
            place += special.name.count
            result.append(Piece(id: special.id, word: Self.text(special.name)))
            first = place
        }
        add(upTo: scalars.count)
        return result
    }

    private func pieces(of word: [Unicode.Scalar]) -> [Piece] {
        let text = Self.text(word)
        return (numbers(of: word) ?? [unknown]).map { Piece(id: $0, word: text) }
    }

    /// Nil where the vocabulary has no pieces for a word.
    private func numbers(of word: [Unicode.Scalar]) -> [Int]? {
        guard word.count <= longestWord else { return nil }
        let characters = word.map { Array(String($0).utf8) }
        var (numbers, start): ([Int], Int) = ([], 0)
        while start < word.count {
            var piece = characters[start...].reduce(start == 0 ? [] : continuation, +)
            var end = word.count
            while vocabulary[piece] == nil {
                end -= 1
                guard end > start else { return nil }
                piece.removeLast(characters[end].count)
            }
            numbers.append(vocabulary[piece]!)
            start = end
        }
        return numbers
    }

    private static func text(_ scalars: [Unicode.Scalar]) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}
