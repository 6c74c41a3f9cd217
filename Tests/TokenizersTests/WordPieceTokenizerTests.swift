import Foundation
import Support
import Testing
import Tokenizers

@Suite struct WordPieceTokenizerTests {
    private struct Reference: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int]
        }
        let cases: [String: [Case]]
    }

    private static func folder(_ name: String) -> URL { Bundle.module.bundleURL.appendingPathComponent("Fixtures/\(name)") }

    @Test("transformers' numbers for unkind texts", arguments: ["uncased", "plain", "cased"])
    func parity(name: String) throws {
        let tokenizer = try WordPieceTokenizer(folder: Self.folder(name))
        let file = try Data(contentsOf: Self.folder("tokenizer.json"))
        let cases = try #require(try JSONDecoder().decode(Reference.self, from: file).cases[name])
        #expect(cases.count > 100)
        for (text, ids) in cases.map({ ($0.text, $0.ids) }) {
            let escaped = text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
            #expect(tokenizer(text) == ids, "\(escaped)")
        }
    }

    @Test("which word a piece is of")
    func words() throws {
        let tokenizer = try WordPieceTokenizer(folder: Self.folder("uncased"))
        let pieces = tokenizer.pieces("Cafés 😀 dog")
        #expect(pieces.map(\.word) == ["cafes", "cafes", "😀", "dog"])
        #expect(pieces.map { $0.id == tokenizer.unknown } == [false, false, true, false])
        #expect(pieces[3].id == tokenizer.vocabulary["dog"])
    }

    @Test("folders that hold no such tokenizer")
    func refused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func refusal(_ file: String, _ text: String) throws -> String {
            let url = folder.appendingPathComponent(file)
            try Data(text.utf8).write(to: url)
            defer { try? FileManager.default.removeItem(at: url) }
            return "\(try #require(#expect(throws: UserError.self, "\(text)") { try WordPieceTokenizer(folder: folder) }))"
        }
        #expect(try refusal("README.md", "").contains("neither tokenizer.json nor vocab.txt"))
        #expect(try refusal("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n").contains("has no [SEP]"))
        #expect(try refusal("tokenizer.json", "[]").contains("not a JSON object"))
        #expect(try refusal("tokenizer.json", "{\"model\":{\"type\":\"BPE\"}}").contains("BPE, none, none"))
        let parts = "\"normalizer\":{\"type\":\"BertNormalizer\"},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"}"
        let twice = "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"[CLS]\":0,\"[SEP]\":1,\"[UNK]\":1}},\(parts)}"
        #expect(try refusal("tokenizer.json", twice).contains("not numbered 0, 1, 2"))
        let unknown = "{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"[CLS]\":0,\"[SEP]\":1,\"a\":2}},\(parts)}"
        #expect(try refusal("tokenizer.json", unknown).contains("has no [UNK]"))
    }
}
