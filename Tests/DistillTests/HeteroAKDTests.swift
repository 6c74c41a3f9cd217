import Distill
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// What HeteroAKD's mixing and evaluation promise.
@Suite struct HeteroAKDTests {
    private let shape = [2, 5, 6, 7]
    private let targets = Tensor.randint(0, 5, [2, 1, 6, 7])
    private var signs: Tensor { KnowledgeMixture.signs(targets, classes: 5, dtype: .float32) }

    private func entropy(_ scores: Tensor) -> Tensor { KnowledgeMixture.entropy(scores, signs) }

    @Test func entropyIsTheBinaryCrossEntropyOfEveryClass() throws {
        let scores = Tensor.randn(shape) * 8.0
        let labels = targets.squeeze(1).oneHot(5).permute(0, 3, 1, 2).float
        try assertClose(entropy(scores), F.binaryCrossEntropy(logits: scores, labels, reduction: .none))
        // Sure and right: nothing cancels.
        let sure = signs * -18.0
        #expect(entropy(sure).amin().item() > 1e-8)
    }

    @Test func trustLiesBetweenNobodyAndTheTeacherAlone() {
        for scale in [0.1, 3, 60] {
            let mixture = KnowledgeMixture(teacher: .randn(shape) * scale, student: .randn(shape) * scale, signs: signs)
            #expect(mixture.trust.amin().item() >= 0 && mixture.trust.amax().item() <= 1)
            #expect(mixture.gain.amin().item() >= 0)
        }
    }

    @Test func aTeacherThatIsRightIsFollowedAndOneThatIsWrongIsNot() throws {
        let student = Tensor.randn(shape)
        let right = signs * -30.0
        try assertClose(KnowledgeMixture(teacher: right, student: student, signs: signs).scores, right)
        let sure = signs * -12.0
        let wrong = signs * 1e6
        let mixture = KnowledgeMixture(teacher: wrong, student: sure, signs: signs)
        try assertClose(mixture.scores, sure, relative: 1e-4)
        #expect(mixture.trust.amax().item() < 1e-9)
    }

    @Test func equalScoresLeaveNothingToGain() {
        let scores = Tensor.randn(shape) * 3.0
        let mixture = KnowledgeMixture(teacher: scores, student: scores, signs: signs)
        #expect(mixture.scores.equals(scores) && mixture.gain.abs().amax().item() == 0)
    }

    /// H is convex, so the mixture is never worse than the harmonic mean of both.
    @Test func theMixtureIsNoWorseThanTheHarmonicMean() {
        let (teacher, student) = (Tensor.randn([2, 5, 60, 70]) * 5.0, Tensor.randn([2, 5, 60, 70]) * 5.0)
        let signs = KnowledgeMixture.signs(Tensor.randint(0, 5, [2, 1, 60, 70]), classes: 5, dtype: .float32)
        let mixed = KnowledgeMixture.entropy(KnowledgeMixture(teacher: teacher, student: student, signs: signs).scores, signs)
        let (a, b) = (KnowledgeMixture.entropy(teacher, signs), KnowledgeMixture.entropy(student, signs))
        let bound = a * b * 2.0 / (a + b)
        // The 1e-6 in the trust, and rounding.
        #expect((mixed - bound * 1.0001 - 1e-5).amax().item() <= 0)
    }

    @Test func weightsSumToOne() throws {
        let (teacher, student) = (Tensor.randn(shape), Tensor.randn(shape))
        let classes = KnowledgeMixture(teacher: teacher, student: student, signs: signs)
        try assertClose(classes.weights.sum(1), .ones([2, 6, 7]))
        let ignored = Tensor.zeros([2, 1, 6, 7], dtype: .bool)
        ignored[0, .all, 2...].fill_(1)
        let pixels = KnowledgeMixture(teacher: teacher, student: student, signs: signs, ignored: ignored, overPixels: true)
        try assertClose(pixels.weights.sum([2, 3]), .ones([2, 5]))
        #expect(pixels.weights[0, .all, 2...].abs().amax().item() == 0)
    }

    /// The mixture is a target: the hybrid term's gradient is that of the cross-entropy with it.
    @Test func theGradientHoldsTheMixtureFixed() throws {
        let (teacher, student) = (Tensor.randn(shape), Tensor.randn(shape))
        student.requiresGrad = true
        let loss = try make(["projector": "none", "reliabilityWeight": "0"])
        let own = gradients(of: [loss(teacher, student).total], for: [student])[0]
        let mixture = KnowledgeMixture(teacher: teacher, student: student, signs: signs)
        let target = (mixture.scores / 4).softmax(1) * mixture.weights
        let expected = gradients(of: [-(target * (student / 4).logSoftmax(1)).sum() / 84], for: [student])[0]
        try assertClose(own, expected)
    }

    @Test func withoutTheReliabilityTermTheTeachersProjectorLearnsOnlyWhenItIsTold() throws {
        for (learns, expected) in [("false", false), ("true", true)] {
            let loss = try make(["reliabilityWeight": "0", "teacherProjectorLearns": learns])
            let student = Tensor.randn(shape)
            student.requiresGrad = true
            loss(.randn([2, 8, 3, 4]), student).total.backward()
            let parameters = loss.method.namedParameters()
            let moved = parameters.filter { $0.0.hasPrefix("projector.teacher") && ($0.1.grad?.abs().amax().item() ?? 0) > 0 }
            #expect(moved.isEmpty != expected && parameters.contains { $0.0 == "projector.teacher.3.weight" })
            #expect(student.grad!.abs().amax().item() > 0)
        }
    }

    @Test func projectorsAreOfTheChosenForm() throws {
        let names = try ["conv-bn-relu-conv", "conv-bn", "conv-bn-relu", "none"].map { form in
            try make(["projector": form], teacher: form == "none" ? 5 : 8).method.namedParameters().map(\.0).filter {
                $0.contains("student")
            }
        }
        #expect(
            names
                == [
                    ["0.weight", "1.weight", "1.bias", "3.weight", "3.bias"], ["0.weight", "1.weight", "1.bias"],
                    ["0.weight", "1.weight", "1.bias"], [],
                ].map { $0.map { "projector.student." + $0 } })
        let wide = try make([:], teacher: 2048).method.namedParameters().first { $0.0 == "projector.teacher.0.weight" }
        #expect(wide?.1.shape == [256, 2048, 1, 1])
        #expect(throws: UserError.self) { try make(["projector": "none"], teacher: 8) }
    }

    private struct Made {
        let method: any DistillationMethod
        let targets: Tensor
        func callAsFunction(_ teacher: Tensor, _ student: Tensor) -> MethodLoss {
            method.loss(MethodInputs(teacher: ["features": teacher], student: ["features": student], labels: targets.squeeze(1)))
        }
    }

    private func make(_ settings: [String: String], teacher: Int? = nil) throws -> Made {
        let recipe = try MethodRecipe.parse(Methods.named("heteroakd").schema, settings: settings.map { "\($0)=\($1)" })
        let channels = teacher ?? (settings["projector"] == "none" ? 5 : 8)
        let setup = MethodSetup(
            settings: recipe.settings, teacherChannels: ["features": channels], studentChannels: ["features": 5], classes: 5)
        return Made(method: try Methods.named("heteroakd").init(setup), targets: targets)
    }
}
