import Distill
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// What the losses on class scores must obey, whatever the numbers.
@Suite struct ClassLossLawTests {
    static let names = ClassLossTests.names
    private static let classes = 5

    /// Two images whose labels have edges and bodies; every role the method has, 8×12, `classes` channels, the teacher's at half the size.
    private func inputs(_ name: String, dtype: DType = .float32, size: [Int] = [8, 12], images: Int = 2) -> [String: Tensor] {
        let role = ["heteroakd": "features", "ifvd": "features", "ofa": "stage1"][name] ?? "logits"
        let labels = Tensor.zeros([images] + size.map { 2 * $0 }, dtype: .int64)
        labels[.all, 3..<9, 4..<11].fill_(1)
        labels[images - 1, 6...].fill_(4)
        let shape = [images, Self.classes] + size
        return [
            "teacher.\(role)": .randn([images, Self.classes] + size.map { $0 / 2 }, dtype: dtype),
            "student.\(role)": .randn(shape, dtype: dtype),
            "labels": labels,
        ]
    }

    private func make(_ name: String, _ inputs: [String: Tensor]) throws -> ClassLoss {
        try ClassLoss(name, [:], inputs, classes: Self.classes)
    }

    private func copy(of other: ClassLoss, _ name: String, _ inputs: [String: Tensor]) throws -> ClassLoss {
        let loss = try make(name, inputs)
        try loss.method.load(Dictionary(uniqueKeysWithValues: other.method.stateDict()), from: "the other")
        return loss
    }

    @Test(arguments: names) func whatIsIgnoredChangesNeitherValueNorGradient(_ name: String) throws {
        var inputs = inputs(name)
        // Where class scores are resized, a pixel's neighbours are part of it; HeteroAKD's have been freed of what is ignored before.
        for key in inputs.keys where key.hasPrefix("teacher") && name != "heteroakd" { inputs[key] = .randn([2, Self.classes, 8, 12]) }
        inputs["labels"]![1, .all, 12...].fill_(255)
        let loss = try make(name, inputs)
        let (value, gradients) = loss.evaluated()
        var others = inputs
        for key in inputs.keys where key != "labels" {
            others[key] = inputs[key]!.clone()
            others[key]![1, .all, .all, (inputs[key]!.size(3) / 2)...].fill_(key.hasPrefix("teacher") ? 40 : -30)
        }
        let (otherValue, otherGradients) = try copy(of: loss, name, others).evaluated()
        try assertClose(otherValue, value, name)
        #expect(value.item() > 0)
        for (role, gradient) in gradients {
            try assertClose(otherGradients[role]!, gradient, name)
            #expect(gradient[1, .all, .all, 6...].abs().amax().item() == 0 && gradient.abs().amax().item() > 0)
        }
    }

    @Test(arguments: names) func imagesWithoutAnyLabelGiveZero(_ name: String) throws {
        var inputs = inputs(name)
        inputs["labels"] = inputs["labels"]!.fullLike(255)
        let loss = try make(name, inputs)
        let (value, gradients) = loss.evaluated()
        #expect(value.item() == 0)
        for gradient in gradients.values { #expect(gradient.abs().amax().item() == 0) }
    }

    @Test(arguments: names) func channelsLastChangesNothing(_ name: String) throws {
        let inputs = inputs(name)
        let loss = try make(name, inputs)
        let (value, gradients) = loss.evaluated()
        let (other, otherGradients) = try copy(of: loss, name, inputs.mapValues { $0.dimensions == 4 ? $0.contiguous(.channelsLast) : $0 })
            .evaluated()
        try assertClose(other, value, name)
        for (role, gradient) in gradients { try assertClose(otherGradients[role]!, gradient, name) }
    }

    /// The computation is float32 whatever comes in: rounding the maps to eight bits is all that happens.
    @Test(arguments: names) func halfPrecisionMapsAreTakenAsTheyAre(_ name: String) throws {
        let inputs = inputs(name)
        let rounded = inputs.mapValues { $0.dtype == .float32 ? $0.to(.bfloat16) : $0 }
        let loss = try make(name, inputs)
        let (value, _) = loss.evaluated()
        let (low, gradients) = try copy(of: loss, name, rounded).evaluated()
        #expect(low.dtype == .float32 && gradients.values.allSatisfy { $0.dtype == .bfloat16 })
        let (exact, _) = try copy(of: loss, name, rounded.mapValues { $0.dtype == .bfloat16 ? $0.float : $0 }).evaluated()
        // A map that is resized is resized in float32.
        try assertClose(low, exact, name)
        try assertClose(low, value, relative: 0.01, name)
    }

    @Test(arguments: ["dist", "ofa", "bpkd", "ifvd"]) func gradientsAreThoseOfFiniteDifferences(_ name: String) throws {
        let inputs = inputs(name, dtype: .float64, size: [4, 6], images: 1)
        let loss = try make(name, inputs)
        loss.method.to(dtype: .float64)
        let role = loss.student.keys.first!
        try checkGradients(at: [inputs["student.\(role)"]!], relative: 1e-6) { point in
            loss.method.loss(MethodInputs(teacher: loss.teacher, student: [role: point[0]], labels: loss.labels)).total
        }
    }

    @Test(arguments: ["dist", "bpkd", "ifvd"]) func aStudentLikeItsTeacherHasNothingToLearn(_ name: String) throws {
        var inputs = inputs(name)
        let student = inputs.keys.first { $0.hasPrefix("student") }!
        inputs[student.replacing("student", with: "teacher")] = inputs[student]!
        let (value, gradients) = try make(name, inputs).evaluated()
        #expect(abs(value.item()) < 1e-5)
        for gradient in gradients.values { #expect(gradient.abs().amax().item() < 1e-5) }
    }

    @Test(arguments: names) func memoryGrowsWithTheBatch(_ name: String) throws {
        let loss = try make(name, inputs(name))
        func bytes(_ batch: Int) -> Int {
            func shapes(_ maps: [String: Tensor]) -> [String: [Int]] { maps.mapValues { [batch] + $0.shape.dropFirst() } }
            return loss.method.peakMemory(MethodShapes(teacher: shapes(loss.teacher), student: shapes(loss.student)))
        }
        #expect(bytes(1) >= 4 * Self.classes * 8 * 12 && bytes(4) == 4 * bytes(1))
    }

    /// The teacher's network is never reached; what is not trained beside the student asks for nothing.
    @Test(arguments: names) func theTeacherGetsNoGradient(_ name: String) throws {
        let inputs = inputs(name)
        let teacher = inputs.keys.first { $0.hasPrefix("teacher") }!
        inputs[teacher]!.requiresGrad = true
        let loss = try ClassLoss(name, [:], inputs, classes: Self.classes)
        loss.loss().total.backward()
        #expect(inputs[teacher]!.grad == nil)
        for (path, parameter) in loss.method.namedParameters() { #expect(parameter.grad != nil, "\(path)") }
    }

    @Test func relationsDoNotSeeWhatASoftmaxDoesNotSee() throws {
        let inputs = inputs("dist")
        let (value, _) = try make("dist", inputs).evaluated()
        let shifted = inputs.merging(["student.logits": inputs["student.logits"]! + Tensor.randn([2, 1, 8, 12]) * 3.0]) { $1 }
        try assertClose(make("dist", shifted).evaluated().loss, value)
    }

    /// Cosines see neither the length of the features nor a turn of their axes.
    @Test func variationWithinAClassDoesNotSeeScaleOrRotation() throws {
        let inputs = inputs("ifvd")
        let (value, _) = try make("ifvd", inputs).evaluated()
        let turned = inputs["student.features"]!.flip([1]) * 7.0
        try assertClose(make("ifvd", inputs.merging(["student.features": turned]) { $1 }).evaluated().loss, value)
    }

    @Test func anImageOfOneClassHasNoEdge() throws {
        var inputs = inputs("bpkd")
        inputs["labels"] = inputs["labels"]!.fullLike(2)
        // What is ignored makes no edge either.
        inputs["labels"]![.all, 4..<8].fill_(255)
        let loss = try make("bpkd", inputs).loss()
        #expect(loss.terms[0].name == "edge" && loss.terms[0].value.item() == 0)
        #expect(loss.terms[1].value.item() > 0)
    }

    @Test func exponentsAreOneForAllStagesOrOneForEach() throws {
        let inputs = inputs("ofa")
        let single = try ClassLoss("ofa", ["eps": Setting("1.5")], inputs, classes: Self.classes)
        let listed = try ClassLoss("ofa", ["eps": Setting("[1.5]")], inputs, classes: Self.classes)
        try listed.method.load(Dictionary(uniqueKeysWithValues: single.method.stateDict()), from: "the other")
        #expect(single.evaluated().loss.equals(listed.evaluated().loss))
        let error = #expect(throws: UserError.self) {
            try ClassLoss("ofa", ["eps": Setting("[1.0, 2.0]")], inputs, classes: Self.classes)
        }
        #expect(error?.message == "ofa: eps gives 2 numbers for 1 stages")
        for wrong in ["0", "[1, -1]", "[]"] {
            #expect(throws: RecipeError.self) { try ClassLoss("ofa", ["eps": Setting(wrong)], inputs, classes: Self.classes) }
        }
    }

    @Test(arguments: ["dist", "bpkd"]) func classScoresOfDifferentClassesAreRefused(_ name: String) throws {
        let inputs = ["teacher.logits": Tensor.ones([1, 19, 2, 2]), "student.logits": Tensor.ones([1, 11, 2, 2])]
        let error = #expect(throws: UserError.self) { try ClassLoss(name, [:], inputs, classes: 11) }
        #expect(error?.message.contains("the teacher has 19 classes and the student 11") == true)
    }
}

extension Setting {
    init(_ text: String) { self.text = text }
}
