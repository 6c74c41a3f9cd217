import Foundation
import SegModels
import SegTesting
import Support
import Testing
import Tokenizers
import Torch
import TorchNN

@Suite struct GroundingDINOTests {
    private struct PostProcessing: Decodable {
        let ids: [Int]
        let ranges: [[Int]]
        let labels: [String]
    }

    private static let fixture = Result { try Fixture("grounding", in: .module) }

    private func prompt(_ name: String) throws -> [Int] {
        try #require(try Self.fixture.get().settings("ids", as: [String: [Int]].self)[name])
    }

    @Test("transformers' networks", arguments: ["grounding", "apart", "mm", "mm.apart"])
    func parity(name: String) throws {
        let zoo = try ZooCase(name, of: "grounding")
        let ids = try prompt(name)
        let inputs = ["image": try zoo.image, "input_ids": Tensor(ids, shape: [1, ids.count])]
        let found = Dictionary(uniqueKeysWithValues: try zoo.withFiles { try ModelParity.run(nil, weights: $0, inputs: inputs) })
        #expect(zoo.settings.taps == found.keys.sorted())
        for tap in zoo.settings.taps { try zoo.check(found[tap]!, tap, relative: 1e-4) }
    }

    // MARK: Files

    /// Checks a case from a folder with other tensors.
    /// - Parameter settings: what its `config.json` lacks.
    private func check(_ name: String, without settings: [String] = [], _ change: (inout [String: Tensor]) -> Void) throws {
        let zoo = try ZooCase(name, of: "grounding")
        let ids = try prompt(name)
        var weights = zoo.weights
        change(&weights)
        try zoo.withFiles { folder in
            try Tensor.save(weights.sorted { $0.key < $1.key }, to: folder.appendingPathComponent("model.safetensors"))
            let file = folder.appendingPathComponent("config.json")
            let config = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
            #expect(settings.allSatisfy { config[$0] != nil })
            try JSONSerialization.data(withJSONObject: config.filter { !settings.contains($0.key) }).write(to: file)
            let model = try GroundingDINO.load(folder)
            let found = try withoutGradients { model(try zoo.image, ids: ids) }
            try zoo.check(found.logits, "logits")
            try zoo.check(found.boxes, "pred_boxes")
            let own = Dictionary(uniqueKeysWithValues: model.namedParameters())
            for (name, tensor) in zoo.weights where name.hasPrefix("bbox_embed.") || name.hasPrefix("class_embed.") {
                try assertClose(try #require(own[name]), tensor.float, relative: 0, name)
            }
        }
    }

    @Test("copies of shared heads in older files")
    func copies() throws {
        try check("grounding") { weights in
            for (name, tensor) in weights where name.hasPrefix("bbox_embed.0.") {
                for layer in 0..<3 {
                    let copy = name.replacingOccurrences(of: "bbox_embed.0.", with: "bbox_embed.\(layer).")
                    (weights[copy], weights["model.decoder.\(copy)"]) = (tensor, tensor)
                }
            }
            weights["model.text_backbone.embeddings.position_ids"] = .arange(0, 20).unsqueeze(0)
        }
    }

    /// Moves tensors to the names that they have in the decoder.
    private func moveToDecoder(_ prefixes: [String], _ weights: inout [String: Tensor]) {
        for (name, tensor) in weights where prefixes.contains(where: name.hasPrefix) {
            (weights[name], weights["model.decoder.\(name)"]) = (nil, tensor)
        }
    }

    /// The first under its own name, the others under the decoder's: as in the published MM-Grounding-DINO and LLMDet.
    @Test("different heads as transformers 4.57 saves them", arguments: ["apart", "mm.apart"])
    func headsOfTheDecoder(name: String) throws {
        try check(name) { moveToDecoder(["bbox_embed.1.", "class_embed.1."], &$0) }
    }

    @Test("MM-Grounding-DINO's layers have heads of their own where its configuration says nothing", arguments: [true, false])
    func headsWithoutFlags(areDecoders: Bool) throws {
        try check("mm.apart", without: ["decoder_bbox_embed_share", "decoder_cls_embed_share"]) {
            if areDecoders { moveToDecoder(["bbox_embed.1.", "class_embed.1."], &$0) }
        }
    }

    /// So that every name begins with `model.`, which counts as a wrapper's: as in IDEA-Research/grounding-dino-base.
    @Test("the shared head under the decoder's name alone")
    func sharedHeadOfTheDecoder() throws {
        try check("grounding") { weights in
            moveToDecoder(["bbox_embed.0."], &weights)
            #expect(weights.keys.allSatisfy { $0.hasPrefix("model.") })
        }
    }

    @Test("files and configurations that do not fit are refused by name")
    func refused() throws {
        let zoo = try ZooCase("grounding", of: "grounding")
        try zoo.withFiles { folder in
            var weights = zoo.weights
            weights["model.enc_output.bias"] = nil
            weights["model.decoder.layers.7.fc1.bias"] = .zeros([3])
            try Tensor.save(weights.sorted { $0.key < $1.key }, to: folder.appendingPathComponent("model.safetensors"))
            let error = #expect(throws: LoadError.self) { try GroundingDINO.load(folder) }
            #expect(error?.missing == ["enc_output.bias"])
            #expect(error?.unexpected == ["decoder.layers.7.fc1.bias"])
            let elsewhere = #expect(throws: UserError.self) { try ModelFolder(folder).load() }
            #expect("\(try #require(elsewhere))".contains("a detector that reads text"))
        }
        let config = try #require(zoo.settings.config)
        for (from, to, word) in [
            ("\"two_stage\": true", "\"two_stage\": false", "two_stage"), ("\"d_model\": 32", "\"d_model\": 40", "d_model is 40"),
            ("\"model_type\": \"swin\"", "\"model_type\": \"resnet\"", "resnet"),
            ("\"model_type\": \"bert\"", "\"model_type\": \"roberta\"", "roberta"),
            ("\"num_feature_levels\": 4", "\"num_feature_levels\": 2", "num_feature_levels is 2"),
            ("\"GroundingDinoForObjectDetection\"", "\"GroundingDinoModel\"", "has no boxes"),
        ] {
            let changed = config.replacingOccurrences(of: from, with: to)
            #expect(changed != config, "\(from)")
            try zoo.withFiles { folder in
                try Data(changed.utf8).write(to: folder.appendingPathComponent("config.json"))
                let error = #expect(throws: UserError.self, "\(to)") { try GroundingDINO.load(folder) }
                #expect("\(try #require(error))".contains(word))
            }
        }
    }

    @Test("the sizes that transformers' processor resizes to, and those that a folder asks for")
    func sizes() throws {
        let zoo = try ZooCase("grounding", of: "grounding")
        try zoo.withFiles { folder in
            let model = try GroundingDINO.load(folder)
            for size in try Self.fixture.get().settings("sizes", as: [[Int]].self) {
                #expect(model.inputSize(height: size[0], width: size[1]) == Array(size[2...]), "\(size)")
            }
            let settings = "{\"size\": {\"shortest_edge\": 64, \"longest_edge\": 96}, \"image_mean\": [0.5, 0.5, 0.5]}"
            try Data(settings.utf8).write(to: folder.appendingPathComponent("preprocessor_config.json"))
            let other = try GroundingDINO.load(folder)
            #expect(other.inputSize(height: 100, width: 300) == [32, 96])
            #expect(other.card.normalization.mean == [0.5, 0.5, 0.5])
        }
    }

    // MARK: Detections

    @Test("boxes, scores and phrases of random outputs")
    func detections() throws {
        let fixture = try Self.fixture.get()
        let settings = try fixture.settings("post", as: PostProcessing.self)
        let ranges = settings.ranges.map { $0[0]..<$0[1] }
        let (logits, boxes) = (try fixture["post.logits"], try fixture["post.boxes"])
        func found(_ rule: PhraseScore, of queries: Tensor, most: Int) -> [Detection] {
            let chosen = boxes.indexSelect(1, queries)
            return GroundingDINO.Output(logits: logits.indexSelect(1, queries), boxes: chosen, pixels: chosen, words: chosen)
                .detections(ranges: ranges, height: 480, width: 640, score: rule, threshold: 0.6, most: most)
        }
        // transformers scores a query by stops and [SEP] too, which name nothing: only those whose surest piece is a phrase's are compared.
        let (best_Q, order) = logits[0].amax([1]).sort(0, descending: true)
        let phrases_Q = logits[0].indexSelect(1, Tensor(ranges.flatMap { $0 })).amax([1]).indexSelect(0, order)
        let isPhrase = (phrases_Q .== best_Q).long.array(of: Int.self)
        let same = Tensor(settings.labels.indices.filter { isPhrase[$0] == 1 })
        let highest = found(.highest, of: order.indexSelect(0, same), most: 150)
        #expect(highest.count > 50)
        try assertClose(Tensor(highest.map(\.score)).float, fixture["post.scores"].indexSelect(0, same), relative: 1e-6)
        let corners = try fixture["post.corners"].indexSelect(0, same)
        let limits = Tensor([Float(640), 480, 640, 480])
        let edges = Tensor(highest.flatMap { [$0.left, $0.top, $0.right, $0.bottom] }, shape: [highest.count, 4]).float
        try assertClose(edges, corners.clamp(min: 0).minimum(limits), relative: 1e-6)
        let phrases = ["traffic light", "cafe", "bus"]
        let labels = same.array(of: Int.self).map { settings.labels[$0] }
        for (detection, label) in zip(highest, labels) where phrases.contains(label) {
            #expect(phrases[detection.phrase] == label)
        }
        #expect(labels.filter(phrases.contains).count > 10)
        let all = found(.highest, of: order, most: 150)
        #expect(found(.highest, of: order, most: 10) == Array(all.prefix(10)))

        let means = found(.mean, of: order, most: 100)
        try assertClose(Tensor(means.map(\.score)).float, fixture["mean.scores"], relative: 1e-6)
        #expect(means.map(\.phrase) == (try fixture["mean.phrases"]).array(of: Int.self))
    }

    @Test("what is surer of a stop or an end than of every phrase has the phrase's score")
    func stops() {
        // [CLS] car . traffic light . [SEP]
        let logits = Tensor(
            [
                [-9, -3.2, -0.6, -4, -4, -9, -9], [-9, -2, -9, 0.25, 1, -9, 2], [-9, 0.5, -9, -1, -9, -9, -9],
            ].flatMap { $0.map(Float.init) }, shape: [1, 3, 7])
        let boxes = Tensor.full([1, 3, 4], 0.5)
        let found = GroundingDINO.Output(logits: logits, boxes: boxes, pixels: boxes, words: boxes)
            .detections(ranges: [1..<2, 3..<5], height: 10, width: 10, score: .highest)
        #expect(found.map(\.phrase) == [1, 0])
        #expect(zip(found, [1.0, 0.5]).allSatisfy { abs($0.score - 1 / (1 + exp(-$1))) < 1e-6 })
    }

    // MARK: Prompts

    /// With BERT's numbers for the marks, and a few words.
    private static func tokenizer() throws -> WordPieceTokenizer {
        var pieces = (0..<1030).map { "[unused\($0)]" }
        for (number, piece) in [100: "[UNK]", 101: "[CLS]", 102: "[SEP]", 1012: ".", 1029: "?"] { pieces[number] = piece }
        return try tokenizer(pieces + ["car", "person", "traffic", "light", "dog", ","])
    }

    private static func tokenizer(_ pieces: [String]) throws -> WordPieceTokenizer {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("vocabulary-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(pieces.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("vocab.txt"))
        return try WordPieceTokenizer(folder: folder)
    }

    @Test("phrases and their pieces")
    func prompts() throws {
        let tokenizer = try Self.tokenizer()
        let prompt = try TextPrompt(" Car.person .  Traffic   light?", tokenizer: tokenizer)
        #expect(prompt.phrases == ["Car", "person", "Traffic light"])
        #expect(prompt.ids == tokenizer("car . person . traffic light ."))
        #expect(prompt.ranges == [1..<2, 3..<4, 5..<7])
        func refusal(_ text: String, limit: Int = 256) throws -> String {
            "\(try #require(#expect(throws: UserError.self, "\(text)") { try TextPrompt(text, tokenizer: tokenizer, limit: limit) }))"
        }
        #expect(try refusal(" . ?").contains("names nothing"))
        #expect(try refusal("car, person").contains("has a comma"))
        let unknown = try refusal("car . 😀 dog . qqq")
        #expect(unknown.contains("'😀', 'qqq'") && unknown.contains("[UNK]"))
        #expect(try refusal("car . Cár").contains("'Cár' twice"))
        #expect(try refusal("car . \u{200B}").contains("no characters that the detector reads"))
        #expect(try refusal("car . person . dog", limit: 7).contains("3 phrases are 8 pieces of words, and the detector takes 7"))
        _ = try TextPrompt("car . person . dog", tokenizer: tokenizer, limit: 8)
        let other = try Self.tokenizer(["[UNK]", "[CLS]", "[SEP]", ".", "car"])
        let error = #expect(throws: UserError.self) { try TextPrompt("car", tokenizer: other) }
        #expect("\(try #require(error))".contains("are 1, 2, 3, none"))
    }
}
