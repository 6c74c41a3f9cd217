import Distill
import Foundation
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Values and gradients against `scripts/reference/losses.py`.
@Suite struct LossTests {
    struct Settings: Decodable { var temperature: Double? }

    @Test func everyCaseAgreesWithPyTorch() throws {
        let fixture = try Fixture("losses", in: .module)
        let cases = try fixture.settings("cases", as: [String: Settings].self).filter { !$0.key.hasPrefix("task.") }
        #expect(cases.count == 9)
        for (name, settings) in cases {
            var inputs = fixture.tensors(under: name + ".")
            let expected = inputs.removeValue(forKey: "loss")!
            let gradients = inputs.filter { $0.key.hasPrefix("grad.") }
            for key in gradients.keys { inputs[key] = nil }
            let (loss, method, student) = try evaluate(String(name.split(separator: ".")[0]), inputs, settings.temperature!)
            // Where teacher and student agree, what is left is the rounding of sums of about a thousand terms.
            if name == "kd.equal" { #expect(abs(loss.item()) < 1e-6) } else { try assertClose(loss, expected, name) }
            loss.backward()
            for (key, gradient) in gradients {
                let parameters = Dictionary(uniqueKeysWithValues: method.namedParameters())
                let own = key == "grad.student.\(student.role)" ? student.tensor.grad : parameters[String(key.dropFirst(5))]?.grad
                let found = try #require(own, "\(name) \(key)")
                // cwd's softmax over positions does not see what a projector's bias adds to a channel.
                let isZero = name == "kd.equal" || key == "grad.projector.bias"
                if isZero { #expect(found.abs().amax().item() < 1e-7) } else { try assertClose(found, gradient, "\(name) \(key)") }
            }
        }
    }

    private func evaluate(
        _ name: String, _ inputs: [String: Tensor], _ temperature: Double
    ) throws -> (Tensor, any DistillationMethod, (role: String, tensor: Tensor)) {
        let role = name == "kd" ? "logits" : "features"
        let method = try make(name, teacher: inputs["teacher.\(role)"]!.size(1), student: inputs["student.\(role)"]!.size(1), temperature)
        try method.load(inputs.filter { $0.key.hasPrefix("projector") }, from: "the fixture")
        let student = inputs["student.\(role)"]!.clone()
        student.requiresGrad = true
        let loss = method.loss(MethodInputs(teacher: [role: inputs["teacher.\(role)"]!], student: [role: student]))
        return (loss.total, method, (role, student))
    }

    @Test(arguments: [("kd", "logits"), ("cwd", "features")])
    func aStudentLikeItsTeacherHasNothingToLearn(_ name: String, _ role: String) throws {
        let map = Tensor.randn([2, 5, 6, 7])
        let student = map.clone()
        student.requiresGrad = true
        let loss = try make(name, teacher: 5, student: 5, 4).loss(MethodInputs(teacher: [role: map], student: [role: student])).total
        loss.backward()
        #expect(abs(loss.item()) < 1e-5)
        #expect(student.grad!.abs().amax().item() < 1e-6)
    }

    /// A softmax does not see what is added to all its scores: the classes of a pixel for kd, the positions of a channel for cwd.
    @Test func shiftsThatASoftmaxDoesNotSeeChangeNothing() throws {
        let (teacher, student) = (Tensor.randn([2, 5, 6, 7]), Tensor.randn([2, 5, 6, 7]))
        for (name, role, shift) in [("kd", "logits", Tensor.randn([2, 1, 6, 7])), ("cwd", "features", Tensor.randn([2, 5, 1, 1]))] {
            let method = try make(name, teacher: 5, student: 5, 2)
            let plain = method.loss(MethodInputs(teacher: [role: teacher], student: [role: student])).total
            let shifted = method.loss(MethodInputs(teacher: [role: teacher], student: [role: student + shift * 3.0])).total
            try assertClose(shifted, plain, name)
        }
    }

    @Test(arguments: [("kd", "logits"), ("cwd", "features")])
    func gradientsAreThoseOfFiniteDifferences(_ name: String, _ role: String) throws {
        let teacher = Tensor.randn([1, 3, 3, 4], dtype: .float64)
        let method = try make(name, teacher: 3, student: 3, 2)
        try checkGradients(at: [Tensor.randn([1, 3, 3, 4], dtype: .float64)]) { inputs in
            method.loss(MethodInputs(teacher: [role: teacher], student: [role: inputs[0]])).total
        }
    }

    @Test func channelsLastChangesNothing() throws {
        let (teacher, student) = (Tensor.randn([2, 5, 6, 7]), Tensor.randn([2, 5, 6, 7]))
        for (name, role) in [("kd", "logits"), ("cwd", "features")] {
            let method = try make(name, teacher: 5, student: 5, 2)
            let plain = method.loss(MethodInputs(teacher: [role: teacher], student: [role: student])).total
            let other = method.loss(
                MethodInputs(teacher: [role: teacher.contiguous(.channelsLast)], student: [role: student.contiguous(.channelsLast)])
            ).total
            try assertClose(other, plain, name)
        }
    }

    @Test func theTeacherIsResizedToTheStudentAndGetsNoGradient() throws {
        let teacher = Tensor.randn([1, 4, 3, 5])
        teacher.requiresGrad = true
        let student = Tensor.randn([1, 4, 6, 10])
        student.requiresGrad = true
        let method = try make("cwd", teacher: 4, student: 4, 4)
        let loss = method.loss(MethodInputs(teacher: ["features": teacher], student: ["features": student])).total
        let resized = F.bilinear(teacher.detach(), [6, 10])
        let expected = method.loss(MethodInputs(teacher: ["features": resized], student: ["features": student])).total
        try assertClose(loss, expected)
        loss.backward()
        #expect(teacher.grad == nil && student.grad != nil)
    }

    @Test func memoryGrowsWithTheBatch() throws {
        for (name, role) in [("kd", "logits"), ("cwd", "features")] {
            let method = try make(name, teacher: 8, student: 8, 1)
            func bytes(_ batch: Int) -> Int {
                method.peakMemory(MethodShapes(teacher: [role: [batch, 8, 10, 12]], student: [role: [batch, 8, 10, 12]]))
            }
            #expect(bytes(1) >= 4 * 8 * 10 * 12 && bytes(4) == 4 * bytes(1))
        }
    }
}

/// The method with its defaults, for maps of these widths.
func make(_ name: String, teacher: Int, student: Int, _ temperature: Double) throws -> any DistillationMethod {
    let kind = try Methods.named(name)
    let role = name == "kd" ? "logits" : "features"
    return try kind.init(
        MethodSetup(
            settings: ["temperature": .number(temperature), "reversed": false], teacherChannels: [role: teacher],
            studentChannels: [role: student],
            classes: student))
}

/// What the labels leave out.
@Suite struct IgnoredPixelTests {
    /// The right half of the second of two images is not labelled, and may hold anything.
    private func half(
        _ name: String
    ) throws -> (method: any DistillationMethod, role: String, teacher: Tensor, student: Tensor, labels: Tensor) {
        let labels = Tensor.zeros([2, 8, 12], dtype: .int64)
        labels[1, .all, 6...].fill_(255)
        return (
            try make(name, teacher: 5, student: 5, 2), name == "kd" ? "logits" : "features", .randn([2, 5, 8, 12]), .randn([2, 5, 8, 12]),
            labels
        )
    }

    @Test(arguments: ["kd", "cwd"])
    func whatIsIgnoredChangesNeitherValueNorGradient(_ name: String) throws {
        let (method, role, teacher, student, labels) = try half(name)
        func run(_ teacher: Tensor, _ student: Tensor) -> (Tensor, Tensor) {
            let leaf = student.clone()
            leaf.requiresGrad = true
            let loss = method.loss(MethodInputs(teacher: [role: teacher], student: [role: leaf], labels: labels)).total
            loss.backward()
            return (loss.detach(), leaf.grad!)
        }
        let (loss, gradient) = run(teacher, student)
        let (otherTeacher, otherStudent) = (teacher.clone(), student.clone())
        otherTeacher[1, .all, .all, 6...].fill_(70)
        otherStudent[1, .all, .all, 6...].fill_(-50)
        let (otherLoss, otherGradient) = run(otherTeacher, otherStudent)
        try assertClose(otherLoss, loss, name)
        try assertClose(otherGradient, gradient, name)
        #expect(gradient[1, .all, .all, 6...].abs().amax().item() == 0)
        #expect(loss.item() > 0)
    }

    @Test(arguments: ["kd", "cwd"])
    func labelsWithoutAnythingIgnoredChangeNothing(_ name: String) throws {
        let (method, role, teacher, student, _) = try half(name)
        let inputs = MethodInputs(teacher: [role: teacher], student: [role: student])
        let labelled = MethodInputs(teacher: [role: teacher], student: [role: student], labels: .zeros([2, 32, 48], dtype: .int64))
        try assertClose(method.loss(labelled).total, method.loss(inputs).total, name)
    }

    @Test(arguments: ["kd", "cwd"])
    func imagesWithoutAnyLabelGiveZero(_ name: String) throws {
        let (method, role, teacher, student, labels) = try half(name)
        student.requiresGrad = true
        let loss = method.loss(MethodInputs(teacher: [role: teacher], student: [role: student], labels: labels.fill_(255))).total
        loss.backward()
        #expect(loss.item() == 0 && student.grad!.abs().amax().item() == 0)
    }
}
