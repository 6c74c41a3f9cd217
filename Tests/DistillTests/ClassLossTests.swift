import Distill
import Foundation
import Recipes
import SegTesting
import Support
import Testing
import Torch
import TorchNN

/// Losses on class scores, values and gradients, against `scripts/reference/losses_classes.py`.
@Suite struct ClassLossTests {
    static let names = ["heteroakd", "dist", "ofa", "bpkd", "ifvd"]

    @Test(arguments: names + ["kd"]) func everyCaseAgreesWithPyTorch(_ name: String) throws {
        let fixture = try Fixture("losses_classes", in: .module)
        let cases = try fixture.settings("cases", as: [String: [String: Setting]].self).filter { $0.key.hasPrefix(name + ".") }
        #expect(cases.count >= (name == "kd" ? 1 : 2))
        for (name, settings) in cases {
            let given = fixture.tensors(under: name + ".")
            let inputs = given.filter { $0.key != "loss" && !$0.key.hasPrefix("grad.") && !$0.key.hasPrefix("term.") }
            let run = try ClassLoss(name, settings, inputs)
            let loss = run.loss()
            try assertClose(loss.total, given["loss"]!, "\(name) loss")
            for (term, value) in loss.terms { try assertClose(value, #require(given["term.\(term)"]), "\(name) \(term)") }
            #expect(loss.terms.count == given.keys.filter { $0.hasPrefix("term.") }.count)
            loss.total.backward()
            let parameters = Dictionary(uniqueKeysWithValues: run.method.namedParameters())
            for (key, gradient) in given where key.hasPrefix("grad.") {
                let path = String(key.dropFirst("grad.".count))
                let found = path.hasPrefix("student.") ? run.student[String(path.dropFirst("student.".count))] : parameters[path]
                // A row of a class that the projector's ReLU hides everywhere has no gradient on either side.
                try assertClose(#require(found?.grad, "\(name) \(key)"), gradient, "\(name) \(key)")
            }
        }
    }

    @Test(arguments: names) func parityGivesEveryTerm(_ name: String) throws {
        let fixture = try Fixture("losses_classes", in: .module)
        let cases = try fixture.settings("cases", as: [String: [String: Setting]].self)
        let key = try #require(cases.keys.filter { $0.hasPrefix(name + ".") }.min())
        let given = fixture.tensors(under: key + ".")
        let inputs = given.filter { $0.key != "loss" && !$0.key.hasPrefix("grad.") && !$0.key.hasPrefix("term.") }
        let recipe = try MethodRecipe.parse(Methods.named(name).schema, settings: cases[key]!.map { "\($0)=\($1.text)" })
        let outputs = Dictionary(uniqueKeysWithValues: try LossParity.run(recipe, inputs: inputs))
        let wanted = given.filter { $0.key == "loss" || $0.key.hasPrefix("grad.student.") || $0.key.hasPrefix("term.") }
        #expect(outputs.count == wanted.count)
        for (name, tensor) in wanted {
            try assertClose(#require(outputs[name.hasPrefix("term.") ? String(name.dropFirst(5)) : name]), tensor, "\(key) \(name)")
        }
    }

    @Test(arguments: ["heteroakd", "ofa", "bpkd", "ifvd"]) func parityAsksForTheLabels(_ name: String) throws {
        let role = name == "ofa" ? "stage1" : name == "bpkd" ? "logits" : "features"
        let map = Tensor.randn([1, 3, 4, 4])
        let recipe = MethodRecipe(try Methods.named(name).schema)
        let error = #expect(throws: UserError.self) {
            try LossParity.run(recipe, inputs: ["teacher.\(role)": map, "student.\(role)": map])
        }
        #expect(error?.message.contains("no tensor 'labels'") == true)
    }
}

/// A setting as a script has written it: a number, a flag, a word or a list of numbers.
struct Setting: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let flag = try? value.decode(Bool.self) {
            text = flag ? "true" : "false"
        } else if let number = try? value.decode(Double.self) {
            text = number == number.rounded() ? String(Int(number)) : String(number)
        } else if let numbers = try? value.decode([Double].self) {
            text = "[\(numbers.map { String($0) }.joined(separator: ", "))]"
        } else {
            text = try value.decode(String.self)
        }
    }
}

/// One of the methods on class scores with the tensors of one step.
final class ClassLoss {
    let method: any DistillationMethod
    let teacher: [String: Tensor]
    /// Leaves whose gradients are recorded.
    let student: [String: Tensor]
    let labels: Tensor?

    /// - Parameter inputs: under the names of `segdistill parity loss`.
    init(_ name: String, _ settings: [String: Setting], _ inputs: [String: Tensor], classes: Int = 5) throws {
        func side(_ side: String) -> [String: Tensor] {
            let own = inputs.filter { $0.key.hasPrefix(side + ".") }
            return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(side.count + 1)), $0.value) })
        }
        let recipe = try MethodRecipe.parse(
            Methods.named(String(name.prefix { $0 != "." })).schema, settings: settings.map { "\($0)=\($1.text)" })
        teacher = side("teacher")
        student = side("student").mapValues { $0.detach().clone() }
        for leaf in student.values { leaf.requiresGrad = true }
        labels = inputs["labels"]
        method = try Methods.named(recipe.name).init(
            MethodSetup(
                settings: recipe.settings, teacherChannels: teacher.mapValues { $0.size(1) },
                studentChannels: student.mapValues { $0.size(1) }, classes: classes))
        let parameters = inputs.filter { $0.key.hasPrefix("projector.") }
        if !parameters.isEmpty { try method.load(parameters, from: name) }
    }

    func loss() -> MethodLoss { method.loss(MethodInputs(teacher: teacher, student: student, labels: labels)) }

    /// The loss, and the student's gradients; the leaves are as fresh afterwards.
    func evaluated() -> (loss: Tensor, gradients: [String: Tensor]) {
        let total = loss().total
        let roles = student.keys.sorted()
        let slopes = gradients(of: [total], for: roles.map { student[$0]! })
        return (total.detach(), Dictionary(uniqueKeysWithValues: zip(roles, slopes)))
    }
}
