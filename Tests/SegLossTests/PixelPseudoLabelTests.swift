import SegLoss
import SegTesting
import Testing
import Torch

/// What a teacher says of pixels, learnt as UniMatch V2 learns it, against plain PyTorch (`scripts/reference/losses_unimatch.py`).
@Suite struct PixelPseudoLabelTests {
    @Test(arguments: ["unimatch", "fixmatch", "everything", "nothing", "padding"])
    func aStepComesOutAsInPyTorch(_ name: String) throws {
        let fixture = try Fixture("losses_unimatch", in: .module)
        let threshold = try #require(fixture.settings("cases", as: [String: Double].self)[name])
        let case_ = fixture.tensors(under: name + ".")
        let known = PixelPseudoLabels(scores: case_["teacher"]!, counts: case_["counts"]!)
        let (boxes, students) = (case_["boxes"]!, case_["students"]!)
        students.requiresGrad = true
        let losses = (0..<boxes.size(0)).map { view in
            let mixed = known.map { .where(boxes[view], $0.flip([0]), $0) }
            let scores = F.bilinear(students[view], Array(boxes.shape.suffix(2)))
            return mixed.crossEntropy(scores, threshold: threshold)
        }
        let loss = losses.dropFirst().reduce(losses[0], +) / Double(losses.count)
        loss.backward()
        let gradient = try #require(students.grad)
        try assertClose(loss, case_["loss"]!, relative: 1e-10)
        try assertClose(gradient, case_["grad.students"]!, relative: 1e-10)
        // Of nothing nothing is learnt, and the number is one.
        if ["nothing", "padding"].contains(name) {
            #expect(loss.item() == 0 && gradient.abs().sum().item() == 0)
        } else {
            #expect(loss.item() > 0.1)
        }
    }

    @Test func theGradientIsThatOfFiniteDifferences() throws {
        let known = PixelPseudoLabels(scores: .randn([2, 3, 4, 5], dtype: .float64) * 2.0, counts: .rand([2, 4, 5]) .> 0.2)
        try checkGradients(at: [.randn([2, 3, 4, 5], dtype: .float64)]) { known.crossEntropy($0[0], threshold: 0.5) }
    }

    @Test func thoseThatAreSureAreCounted() throws {
        let counts = Tensor([1, 1, 1, 0] as [Int], shape: [1, 2, 2]) .> 0
        let confidence = Tensor([0.95, 0.94, 0.99, 1] as [Float], shape: [1, 2, 2])
        let known = PixelPseudoLabels(classes: .zeros([1, 2, 2], dtype: .int64), confidence: confidence, counts: counts)
        #expect(abs(known.sureShare(threshold: 0.95).item() - 2.0 / 3) < 1e-6)
        #expect(known.sureShare(threshold: 1.1).item() == 0)
        // Two of three pixels with two equal scores.
        try assertClose(known.crossEntropy(.zeros([1, 2, 2, 2]), threshold: 0.95).item(), 2.0 / 3 * 0.6931471805599453)
    }

    /// Halves are compared as they are in float32.
    @Test func halvesAndChannelsLastChangeNothing() throws {
        let known = PixelPseudoLabels(scores: .randn([2, 5, 6, 7]) * 3.0, counts: .rand([2, 6, 7]) .> 0.1)
        let scores = Tensor.randn([2, 5, 6, 7]).to(.bfloat16)
        let expected = known.crossEntropy(scores.float, threshold: 0.5)
        try assertClose(known.crossEntropy(scores, threshold: 0.5), expected, relative: 1e-6)
        try assertClose(known.crossEntropy(scores.float.contiguous(.channelsLast), threshold: 0.5), expected, relative: 1e-6)
    }
}
