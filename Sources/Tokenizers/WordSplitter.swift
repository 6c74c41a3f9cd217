import Foundation

/// A text as BERT's words: cleaned, lowercased without accents, cut at white space and around punctuation and ideographs.
///
/// The rules are those of Hugging Face's tokenizers, whose tables are Unicode 8's: what is younger is a letter to them.
struct WordSplitter: Sendable {
    var lowercases = true
    var stripsAccents = true
    var separatesIdeographs = true
    var cleans = true

    func words(_ text: some Sequence<Unicode.Scalar>) -> [[Unicode.Scalar]] {
        var words: [[Unicode.Scalar]] = []
        var word: [Unicode.Scalar] = []
        func end() {
            if !word.isEmpty { words.append(word) }
            word = []
        }
        for scalar in normalized(text) {
            if scalar.properties.isWhitespace {
                end()
            } else if Self.isPunctuation(scalar) {
                end()
                words.append([scalar])
            } else {
                word.append(scalar)
            }
        }
        end()
        return words
    }

    private func normalized(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        for scalar in text {
            if cleans, Self.isDropped(scalar) { continue }
            if separatesIdeographs, Self.isIdeograph(scalar) { scalars += [" ", scalar, " "] } else { scalars.append(scalar) }
        }
        if stripsAccents {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            scalars = String(view).decomposedStringWithCanonicalMapping.unicodeScalars.filter { !Self.isAccent($0) }
        }
        return lowercases ? scalars.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) } : scalars
    }

    // MARK: Kinds of characters

    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.age.map { $0.major <= 8 } ?? false }

    /// Controls, other than tab and the ends of lines, and what stands for undecodable bytes.
    private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "\t", "\n", "\r": return false
        case "\0", "\u{FFFD}": return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .control, .privateUse, .surrogate: return true
        case .format: return isKnown(scalar)
        default: return false
        }
    }

    private static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .nonspacingMark && isKnown(scalar)
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            switch scalar.value {
            case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
            default: return false
            }
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .otherPunctuation:
            return isKnown(scalar)
        default: return false
        }
    }

    /// The blocks of Chinese characters; that one of them begins a little late is the tokenizers' own doing.
    private static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B920...0x2CEAF,
            0xF900...0xFAFF, 0x2F800...0x2FA1F:
            return true
        default: return false
        }
    }
}
