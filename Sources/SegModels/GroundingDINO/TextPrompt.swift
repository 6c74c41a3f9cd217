import Support
import Tokenizers

/// What a detector is asked for: phrases, each with a full stop behind it, and the pieces that they are cut into.
public struct TextPrompt: Sendable, Equatable {
    /// Without white space around them, as they were written.
    public let phrases: [String]
    /// The numbers of the pieces, `[CLS]` and `[SEP]` around them.
    public let ids: [Int]
    /// Which pieces are a phrase's.
    public let ranges: [Range<Int>]

    /// - Parameters:
    ///   - text: `car . person . traffic light`; a question mark separates phrases too.
    ///   - limit: how many pieces the network takes.
    /// - Throws: `UserError` when there is no phrase, a phrase occurs twice, the vocabulary has no pieces for a word, or there are too many.
    public init(_ text: String, tokenizer: WordPieceTokenizer, limit: Int = 256) throws {
        try Self.check(tokenizer)
        let parts = text.split { $0 == "." || $0 == "?" }.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        phrases = parts.filter { !$0.isEmpty }
        guard !phrases.isEmpty else {
            throw UserError("the prompt '\(text)' names nothing", hint: "Write what to look for, as in \"car . person . traffic light .\"")
        }
        if let phrase = phrases.first(where: { $0.contains(",") }) {
            throw UserError("the phrase '\(phrase)' has a comma", hint: "Separate phrases by full stops: \"car . person\".")
        }
        let pieces = phrases.map { tokenizer.pieces($0) }
        let unknown = pieces.joined().filter { $0.id == tokenizer.unknown }.map { "'\($0.word)'" }
        guard unknown.isEmpty else {
            throw UserError(
                "the detector's vocabulary has no pieces for \(unknown.joined(separator: ", ")): they would be [UNK]",
                hint: "Use other words. It was trained on English.")
        }
        var (ids, ranges) = ([tokenizer.start], [Range<Int>]())
        for (phrase, pieces) in zip(phrases, pieces) {
            guard !pieces.isEmpty else { throw UserError("the phrase '\(phrase)' has no characters that the detector reads") }
            ranges.append(ids.count..<ids.count + pieces.count)
            ids += pieces.map(\.id) + [PhraseBlocks.separators.stop]
        }
        ids.append(tokenizer.end)
        guard ids.count <= limit else {
            throw UserError(
                "the prompt's \(phrases.count) phrases are \(ids.count) pieces of words, and the detector takes \(limit)",
                hint: "Ask for fewer classes at a time.")
        }
        let words = pieces.map { $0.map(\.id) }
        if let twice = words.indices.first(where: { words[..<$0].contains(words[$0]) }) {
            throw UserError("the prompt names '\(phrases[twice])' twice", hint: "Name each class once; capitals and accents don't count.")
        }
        (self.ids, self.ranges) = (ids, ranges)
    }

    /// Refuses vocabularies in which the marks that the network knows have other numbers.
    private static func check(_ tokenizer: WordPieceTokenizer) throws {
        let marks = PhraseBlocks.separators
        let found = [tokenizer.start, tokenizer.end, tokenizer.vocabulary["."], tokenizer.vocabulary["?"]]
        guard found == [marks.start, marks.end, marks.stop, marks.question] else {
            let numbers = found.map { $0.map(String.init) ?? "none" }.joined(separator: ", ")
            throw UserError(
                "the tokenizer's numbers of [CLS], [SEP], '.' and '?' are \(numbers)",
                hint: "Expected 101, 102, 1012 and 1029: those of BERT's lowercase English vocabulary.")
        }
    }
}
