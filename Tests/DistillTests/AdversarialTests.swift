import Distill
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// The discriminator against `scripts/reference/losses_classic.py`; its weights are numbers by formula.
@Suite struct AdversarialTests {
    private func make(classes: Int) throws -> AdversarialDistillation {
        try AdversarialDistillation(
            MethodSetup(
                settings: MethodRecipe(AdversarialDistillation.schema).settings, teacherChannels: ["logits": classes],
                studentChannels: ["logits": classes], classes: classes))
    }

    @Test(arguments: ["adversarial.default", "adversarial.labels"]) func agreesWithPyTorch(_ name: String) throws {
        let fixture = try Fixture("losses_classic", in: .module)
        let settings = try #require(try fixture.settings("cases", as: [String: [String: Double]].self)[name]).mapValues { Int($0) }
        let (classes, height, width) = (settings["classes"]!, settings["height"]!, settings["width"]!)
        let method = try make(classes: classes)
        method.fillByFormula()
        let student = formula("student.logits", [2, classes, height, width]) * 3
        student.requiresGrad = true
        let labels = Tensor.zeros([2, height, width], dtype: .int64)
        let ignored = settings["ignored"]!
        if ignored > 0 { labels[0, (height - ignored)...].fill_(255) }
        let loss = method.loss(
            MethodInputs(
                teacher: ["logits": formula("teacher.logits", [2, classes, height, width]) * 3], student: ["logits": student],
                labels: ignored > 0 ? labels : nil))
        let expected = fixture.tensors(under: name + ".")
        try assertClose(loss.total, #require(expected["loss"]), name)
        try assertClose(#require(loss.opponent), #require(expected["term.opponent"]), name)
        loss.total.backward()
        #expect(method.parameters().allSatisfy { $0.grad == nil && $0.requiresGrad })
        let gradient = student.grad![.all, .all, .stride(by: 8), .stride(by: 8)]
        try assertClose(gradient, #require(expected["grad.student.logits"]), "\(name) student")
        let before = student.grad!.clone()
        loss.opponent!.backward()
        #expect(student.grad!.equals(before))
        let state = Dictionary(uniqueKeysWithValues: method.stateDict())
        for (key, tensor) in expected where key.hasPrefix("grad.discriminator") {
            try assertClose(#require(state[String(key.dropFirst(5))]?.grad), tensor, "\(name) \(key)")
        }
        for (key, tensor) in expected where key.hasPrefix("after.") {
            try assertClose(#require(state[String(key.dropFirst(6))]), tensor, "\(name) \(key)")
        }
    }

    @Test func ignoredPixelsChangeNothingAndWithoutLabelsNothingIsLearned() throws {
        let method = try make(classes: 3)
        let teacher = Tensor.randn([2, 3, 64, 64])
        let labels = Tensor.zeros([2, 64, 64], dtype: .int64)
        labels[1, .all, 20...].fill_(255)
        let state = method.stateDict().map { $1.clone() }
        func run(_ student: Tensor, _ labels: Tensor) throws -> (MethodLoss, Tensor) {
            try method.load(Dictionary(uniqueKeysWithValues: zip(method.stateDict().map(\.0), state)), from: "the test")
            let leaf = student.clone()
            leaf.requiresGrad = true
            let loss = method.loss(MethodInputs(teacher: ["logits": teacher], student: ["logits": leaf], labels: labels))
            loss.total.backward()
            return (loss, leaf.grad!)
        }
        let student = Tensor.randn([2, 3, 64, 64])
        let other = student.clone()
        other[1, .all, .all, 20...].fill_(30)
        let (first, second) = (try run(student, labels), try run(other, labels))
        try assertClose(second.0.total, first.0.total)
        try assertClose(second.1, first.1)
        let nothing = try run(student, labels.fullLike(255))
        #expect(nothing.0.total.item() == 0 && nothing.0.opponent!.item() == 0 && nothing.1.abs().amax().item() == 0)
    }

    @Test(arguments: [[12, 15], [45, 60]]) func smallScoresAreJudgedToo(_ size: [Int]) throws {
        let scores = Tensor.randn([1, 4] + size)
        let loss = try make(classes: 4).loss(MethodInputs(teacher: ["logits": scores], student: ["logits": scores]))
        #expect(loss.total.isFinite().item() == 1)
    }

    /// A discriminator that is trained tells the two apart: its loss falls below that of an undecided one.
    @Test func theDiscriminatorLearns() throws {
        let method = try make(classes: 3)
        let opponent = try #require(method.opponent)
        #expect(opponent.module.parameters().count == method.parameters().count)
        let inputs = MethodInputs(
            teacher: ["logits": formula("a", [2, 3, 64, 64]).abs()], student: ["logits": formula("b", [2, 3, 64, 64])])
        var losses: [Double] = []
        for _ in 0..<12 {
            let loss = method.loss(inputs).opponent!
            losses.append(loss.item())
            for parameter in method.parameters() { parameter.grad = nil }
            loss.backward()
            withoutGradients { for parameter in method.parameters() { parameter.grad.map { _ = parameter.add_($0, scale: -0.02) } } }
        }
        #expect(losses.last! < 0.9 * losses.first!)
    }
}
