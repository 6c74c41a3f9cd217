import Foundation
import Support

extension WordPieceTokenizer {
    /// The tokenizer of a folder in Hugging Face layout: `tokenizer.json`, or `vocab.txt` with what `tokenizer_config.json` says of it.
    /// - Throws: `UserError` when the folder has neither, or its tokenizer is none of BERT's kind.
    public init(folder: URL) throws {
        let json = folder.appendingPathComponent("tokenizer.json")
        if FileManager.default.fileExists(atPath: json.path) {
            try self.init(json: json)
        } else {
            try self.init(vocabulary: folder.appendingPathComponent("vocab.txt"))
        }
    }

    private init(vocabulary url: URL) throws {
        guard let text = try? String(contentsOf: url, encoding: .utf8) else {
            throw UserError(
                "found neither tokenizer.json nor vocab.txt in \(url.deletingLastPathComponent().path)",
                hint: "Fetch the whole folder: a detector that reads text needs its vocabulary.")
        }
        let vocabulary = Vocabulary(lines: text)
        let settings = try Self.object(url.deletingLastPathComponent().appendingPathComponent("tokenizer_config.json")) ?? [:]
        var splitter = WordSplitter()
        splitter.lowercases = settings["do_lower_case"] as? Bool ?? true
        splitter.stripsAccents = settings["strip_accents"] as? Bool ?? splitter.lowercases
        splitter.separatesIdeographs = settings["tokenize_chinese_chars"] as? Bool ?? true
        let names = ["unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"]
        let found = names.reduce(into: [String: String]()) { $0[$1.key] = settings[$1.key] as? String ?? $1.value }
        let specials = found.values.reduce(into: [String: Int]()) { $0[$1] = vocabulary[$1] }
        func id(_ key: String) throws -> Int { try Self.id(found[key]!, vocabulary, url.path) }
        self.init(
            vocabulary, start: try id("cls_token"), end: try id("sep_token"), unknown: try id("unk_token"), specials: specials,
            splitter: splitter)
    }

    private init(json url: URL) throws {
        guard let file = try Self.object(url) else { throw UserError("cannot read \(url.path)") }
        let (model, normalizer) = (file["model"] as? [String: Any] ?? [:], file["normalizer"] as? [String: Any] ?? [:])
        let kinds = [model["type"], normalizer["type"], (file["pre_tokenizer"] as? [String: Any])?["type"]].map { $0 as? String ?? "none" }
        guard kinds == ["WordPiece", "BertNormalizer", "BertPreTokenizer"], let pieces = model["vocab"] as? [String: Any] else {
            throw UserError(
                "\(url.path): the tokenizer's parts are \(kinds.joined(separator: ", "))",
                hint: "Expected BERT's: WordPiece, BertNormalizer, BertPreTokenizer.")
        }
        let vocabulary = try Vocabulary(pieces, source: url.path)
        var splitter = WordSplitter()
        splitter.cleans = normalizer["clean_text"] as? Bool ?? true
        splitter.lowercases = normalizer["lowercase"] as? Bool ?? true
        splitter.stripsAccents = normalizer["strip_accents"] as? Bool ?? splitter.lowercases
        splitter.separatesIdeographs = normalizer["handle_chinese_chars"] as? Bool ?? true
        var specials: [String: Int] = [:]
        for token in file["added_tokens"] as? [[String: Any]] ?? [] {
            if let name = token["content"] as? String, let id = (token["id"] as? NSNumber)?.intValue { specials[name] = id }
        }
        self.init(
            vocabulary, start: try Self.id("[CLS]", vocabulary, url.path), end: try Self.id("[SEP]", vocabulary, url.path),
            unknown: try Self.id(model["unk_token"] as? String ?? "[UNK]", vocabulary, url.path), specials: specials,
            longestWord: (model["max_input_chars_per_word"] as? NSNumber)?.intValue ?? 100,
            continuation: model["continuing_subword_prefix"] as? String ?? "##", splitter: splitter)
    }

    private static func id(_ name: String, _ vocabulary: Vocabulary, _ source: String) throws -> Int {
        guard let id = vocabulary[name] else {
            throw UserError("\(source): the vocabulary of \(vocabulary.count) pieces has no \(name)", hint: "Expected BERT's vocabulary.")
        }
        return id
    }

    /// Nil when there is no such file.
    private static func object(_ url: URL) throws -> [String: Any]? {
        guard let data = try? Data(contentsOf: url) else { return nil }
        guard let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
            throw UserError("\(url.path) is not a JSON object", hint: "Fetch the folder again.")
        }
        return object
    }
}
