import Distill
import Recipes
import SegLoss
import SegTesting
import Support
import Testing
import Torch

/// Mask2Former's criterion, against transformers' (`scripts/reference/mask2former_loss.py`) and itself.
@Suite struct CriterionTests {
    @Test(arguments: ["default", "none", "some", "crowded", "many", "weights", "sure", "pixels"])
    func aCaseComesOutAsInTransformers(_ name: String) throws {
        let fixture = try Fixture("mask2former_loss", in: .module)
        let settings = try #require(fixture.settings("cases", as: [String: [String]].self)[name])
        let all = fixture.tensors(under: name + ".")
        func isInput(_ key: String) -> Bool { ["class.", "mask.", "target.", "matching.", "loss."].contains { key.hasPrefix($0) } }
        let recipe = try MethodRecipe.parse(MaskLossParity.schema, settings: settings)
        let found = try MaskLossParity.run(recipe, inputs: all.filter { isInput($0.key) })
        let expected = all.filter { !isInput($0.key) }
        #expect(Set(found.map(\.0)) == Set(expected.keys))
        for (key, tensor) in found {
            // Where an image has no target, masks have no gradient.
            try assertClose(tensor, #require(expected[key]), "\(name) \(key)")
        }
    }

    private let small: MaskCriterion = {
        var options = MaskCriterion.Options()
        options.points = 30
        return MaskCriterion(options)
    }()

    /// 2 images of 9×11 with 2 and 3 masks, and points.
    private func example(ignoring: Bool = false) -> (targets: MaskTargets, points: MaskCriterion.Points) {
        let map: [UInt8] = (0..<198).map { pixel in
            let (image, row, column) = (pixel / 99, pixel % 99 / 11, pixel % 11)
            if ignoring && column < 3 { return 255 }
            return image == 0 ? (row < 4 ? 0 : 2) : row < 3 ? 1 : column < 6 ? 2 : 3
        }
        let targets = map.withUnsafeBytes { MaskTargets(semantic: $0, batch: 2, height: 9, width: 11) }
        return (targets, .init(matching: .rand([30, 2], dtype: .float64), loss: .rand([5, 30, 2], dtype: .float64)))
    }

    @Test(arguments: [false, true])
    func gradientsAreThoseOfFiniteDifferences(_ ignoring: Bool) throws {
        let (targets, points) = example(ignoring: ignoring)
        let inputs = [[2, 4, 5], [2, 4, 5, 6]].map { Tensor.randn($0, dtype: .float64) }
        try checkGradients(at: inputs) { inputs in
            small(classes: [inputs[0]], masks: [inputs[1]], targets: targets, points: points).total
        }
    }

    @Test func layersAddUp() throws {
        let (targets, points) = example()
        let (classes, masks) = ((0..<3).map { _ in Tensor.randn([2, 4, 5]) }, (0..<3).map { _ in Tensor.randn([2, 4, 5, 6]) })
        let all = small(classes: classes, masks: masks, targets: targets, points: points)
        let each = (0..<3).map { small(classes: [classes[$0]], masks: [masks[$0]], targets: targets, points: points) }
        #expect(all.assignments == each.flatMap(\.assignments))
        for part in [\MaskLoss.total, \.classification, \.mask, \.dice] {
            try assertClose(all[keyPath: part], each[0][keyPath: part] + each[1][keyPath: part] + each[2][keyPath: part])
        }
        try assertClose(all.total, all.classification * 2.0 + all.mask * 5.0 + all.dice * 5.0)
    }

    /// With so many candidates, which are not drawn where points are given, each pair is a part of its own.
    @Test func aLayerInPartsIsTheSame() throws {
        let (targets, points) = example(ignoring: true)
        let inputs = [[2, 4, 5], [2, 4, 5, 6]].map { Tensor.randn($0, dtype: .float64) }
        for input in inputs { input.requiresGrad = true }
        var options = small.options
        options.oversampling = 1e6
        let losses = [small, MaskCriterion(options)].map {
            $0(classes: [inputs[0]], masks: [inputs[1]], targets: targets, points: points)
        }
        let slopes = losses.map { gradients(of: [$0.total], for: inputs) }
        #expect(losses[0].mask.item() > 0)
        for part in [\MaskLoss.total, \.mask, \.dice] {
            try assertClose(losses[1][keyPath: part], losses[0][keyPath: part], relative: 1e-12)
        }
        for (found, expected) in zip(slopes[1], slopes[0]) { try assertClose(found, expected, relative: 1e-12) }
    }

    /// Columns in one image, nothing in the next, rows in the last, and queries that have them in reverse. The points are matched all at
    /// once, three planes at a time, and plane by plane.
    @Test(arguments: [200, 99_000, 300_000]) func masksFindTheirQueriesInPartsOfAnyLength(_ points: Int) {
        let lines = Tensor.eye(9)
        let truth = [lines.unsqueeze(1).expand([9, 9, 9]), .zeros([0, 9, 9]), lines[0..<8].unsqueeze(2).expand([8, 9, 9])]
        let labels = truth.map { [Int](repeating: 0, count: $0.size(0)) }
        let masks = truth.map { Tensor.concatenate([.zeros([10 - $0.size(0), 9, 9]), $0.flip([0])]) * 16.0 - 8.0 }
        let loss = small(
            classes: [.zeros([3, 10, 2])], masks: [Tensor.stack(masks)],
            targets: MaskTargets(labels: labels, masks: truth, height: 9, width: 9), points: .init(matching: .rand([points, 2])))
        #expect(loss.assignments == [labels.map { $0.indices.map { 9 - $0 } }])
    }

    @Test func withoutObjectsAndTheirWeightNothingIsLearnt() {
        var options = MaskCriterion.Options()
        options.noObject = 0
        let targets = MaskTargets(labels: [[], []], height: 8, width: 8) { _ in }
        let (classes, masks) = (Tensor.randn([2, 3, 4]), Tensor.randn([2, 3, 4, 4]))
        for tensor in [classes, masks] { tensor.requiresGrad = true }
        let loss = MaskCriterion(options)(classes: [classes], masks: [masks], targets: targets)
        #expect(loss.total.item() == 0)
        loss.total.backward()
        for tensor in [classes, masks] { #expect(tensor.grad!.abs().amax().item() == 0) }
    }

    /// A prediction that is right everywhere, at pixels' centres.
    @Test func thereIsNothingToLearnFromWhatOneKnows() {
        let map: [UInt8] = (0..<64).map { $0 % 8 < 4 ? 0 : 1 }
        let targets = map.withUnsafeBytes { MaskTargets(semantic: $0, batch: 1, height: 8, width: 8) }
        let truth = Tensor(map.map(Float.init), shape: [8, 8])
        let masks = Tensor.stack([truth * -100.0 + 50.0, .full([8, 8], -50), truth * 100.0 - 50.0]).unsqueeze(0)
        let classes = Tensor([50, 0, 0, 0, 0, 50, 0, 50, 0] as [Float], shape: [1, 3, 3])
        let centres = (Tensor.arange(0, 8, dtype: .float32) + 0.5) / 8
        let grid = Tensor.stack([centres.unsqueeze(0).expand([8, 8]), centres.unsqueeze(1).expand([8, 8])], 2).reshape(64, 2)
        let points = MaskCriterion.Points(matching: grid, loss: Tensor.stack([grid, grid]))
        let loss = MaskCriterion(.init())(classes: [classes], masks: [masks], targets: targets, points: points)
        #expect(loss.assignments == [[[0, 2]]])
        #expect(loss.total.item() < 1e-6)
    }

    @Test func whatIsIgnoredChangesNothing() throws {
        let (targets, points) = example(ignoring: true)
        let classes = Tensor.randn([2, 4, 5], dtype: .float64)
        let masks = Tensor.randn([2, 4, 9, 11], dtype: .float64)
        let other = masks.clone()
        // Columns 0 and 1 are read at no point that counts at all.
        other[.all, .all, .all, 0..<2].fill_(30)
        let losses = [masks, other].map { small(classes: [classes], masks: [$0], targets: targets, points: points) }
        #expect(losses[0].assignments == losses[1].assignments)
        try assertClose(losses[0].total, losses[1].total, relative: 1e-12)
    }

    @Test func ignoredPixelsAreNotDrawn() {
        // Left of the middle the prediction is unsure, but nothing counts there; on the right it is sure and wrong.
        let map: [UInt8] = (0..<256).map { $0 % 16 < 8 ? 255 : 0 }
        let targets = map.withUnsafeBytes { MaskTargets(semantic: $0, batch: 1, height: 16, width: 16) }
        let masks = Tensor.zeros([1, 1, 16, 16])
        masks[.all, .all, .all, 8..<16].fill_(-4)
        var options = MaskCriterion.Options()
        (options.points, options.importance) = (4000, 1)
        let loss = MaskCriterion(options)(classes: [.zeros([1, 1, 2])], masks: [masks], targets: targets)
        // Drawn on the left, no point would count and the loss be 0.
        #expect(loss.mask.item() > 2)
    }

    @Test func allIgnoredIsNoObject() {
        let map = [UInt8](repeating: 255, count: 64)
        let targets = map.withUnsafeBytes { MaskTargets(semantic: $0, batch: 1, height: 8, width: 8) }
        let masks = Tensor.randn([1, 3, 4, 4])
        masks.requiresGrad = true
        let loss = small(classes: [.zeros([1, 3, 2])], masks: [masks], targets: targets)
        #expect(loss.mask.item() == 0 && loss.dice.item() == 0)
        #expect(abs(loss.classification.item() - 0.693147) < 1e-5)
        loss.total.backward()
        #expect(masks.grad!.abs().amax().item() == 0)
    }

    @Test func drawsComeFromTheGenerator() throws {
        let (targets, _) = example()
        let (classes, masks) = (Tensor.randn([2, 4, 5]), Tensor.randn([2, 4, 5, 6]))
        func loss(_ seed: Int) -> Tensor {
            TorchRandom.isolated(seed: seed) { small(classes: [classes], masks: [masks], targets: targets).total }
        }
        #expect(loss(1).item() == loss(1).item())
        #expect(loss(1).item() != loss(2).item())
    }

    @Test func uncertainPointsAreChosen() {
        // The prediction is sure but for one column, where it is wrong: importance sampling raises its part of the loss.
        let map = [UInt8](repeating: 0, count: 256)
        let targets = map.withUnsafeBytes { MaskTargets(semantic: $0, batch: 1, height: 16, width: 16) }
        let masks = Tensor.full([1, 1, 16, 16], 20)
        masks[.all, .all, .all, 5].fill_(-1)
        func mask(_ importance: Double) -> Double {
            var options = MaskCriterion.Options()
            (options.points, options.importance) = (2000, importance)
            return MaskCriterion(options)(classes: [.zeros([1, 1, 2])], masks: [masks], targets: targets).mask.item()
        }
        #expect(mask(0.75) > 2 * mask(0))
    }

    @Test func channelsLastAndHalfPrecisionMakeNoDifference() throws {
        let (targets, points) = example()
        let (classes, masks) = (Tensor.randn([2, 4, 5]), Tensor.randn([2, 4, 5, 6]))
        let floats = MaskCriterion.Points(matching: points.matching!.float, loss: points.loss!.float)
        func loss(_ masks: Tensor) -> Tensor { small(classes: [classes], masks: [masks], targets: targets, points: floats).total }
        try assertClose(loss(masks.contiguous(.channelsLast)), loss(masks), relative: 1e-6)
        try assertClose(loss(masks.to(.bfloat16)), loss(masks.to(.bfloat16).float), relative: 1e-6)
    }

    @Test(arguments: [
        ("class.logits", Tensor.zeros([1, 3]), "shape"), ("target.0.labels", Tensor([7] as [Int]), "class 7"),
        ("target.0.masks", Tensor.full([1, 4, 4], 0.5), "0 and 1"), ("loss.points", Tensor.zeros([2, 9, 2]), "shape"),
        ("mask.logit", Tensor.zeros([1]), "no tensor"), ("class.logits", Tensor.zeros([0, 2, 4]), "'class.logits' of the shape [0, 2, 4]"),
        ("matching.points", Tensor.full([9, 2], 1.01), "'matching.points' has numbers"),
        ("matching.points", Tensor.full([9, 2], -0.01), "'matching.points' has numbers"),
        ("loss.points", Tensor.full([1, 9, 2], .nan), "'loss.points' has numbers"),
    ])
    func badTensorsAreRefused(_ name: String, _ tensor: Tensor, _ word: String) throws {
        var inputs = [
            "class.logits": Tensor.zeros([1, 2, 4]), "mask.logits": .zeros([1, 2, 3, 3]), "target.0.labels": Tensor([1] as [Int]),
            "target.0.masks": .ones([1, 4, 4]),
        ]
        inputs[name] = tensor
        let error = #expect(throws: UserError.self) { try MaskLossParity.run(MethodRecipe(MaskLossParity.schema), inputs: inputs) }
        #expect("\(error!)".contains(word))
    }
}
