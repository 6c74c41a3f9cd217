import Distill
import Foundation
import Recipes
import SegTesting
import Testing
import Torch
import TorchNN

/// A case `<method>.<case>` of a fixture: a loss, its terms and its gradients, under the names of `segdistill parity loss`.
struct LossCase {
    let name: String
    let kind: any DistillationMethod.Type
    let recipe: MethodRecipe
    /// What goes in: maps, labels, draws, the method's parameters.
    let inputs: [String: Tensor]
    /// What comes out: `loss`, `term.…`, `grad.…`, `after.…`.
    let expected: [String: Tensor]

    init(_ name: String, of fixture: Fixture) throws {
        self.name = name
        kind = try Methods.named(String(name.prefix { $0 != "." }))
        let settings = try fixture.settings("cases", as: [String: [String: Double]].self)[name] ?? [:]
        var recipe = MethodRecipe(kind.schema)
        for (key, value) in settings {
            guard case .integer? = recipe.settings[key] else {
                recipe.settings[key] = .number(value)
                continue
            }
            recipe.settings[key] = .integer(Int(value))
        }
        self.recipe = recipe
        let all = fixture.tensors(under: name + ".")
        func isResult(_ key: String) -> Bool { key == "loss" || ["term.", "grad.", "after."].contains { key.hasPrefix($0) } }
        inputs = all.filter { !isResult($0.key) }
        expected = all.filter { isResult($0.key) }
    }

    func maps(_ side: String) -> [String: Tensor] {
        let own = inputs.filter { $0.key.hasPrefix(side + ".") }
        return Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(side.count + 1)), $0.value) })
    }

    /// The method with the case's settings and parameters.
    func method(classes: Int) throws -> any DistillationMethod {
        let (teacher, student) = (maps("teacher"), maps("student"))
        let draws = Set(kind.draws.map(\.name))
        let parameters = inputs.filter { key, _ in
            key != "labels" && !draws.contains(key) && !key.hasPrefix("teacher.") && !key.hasPrefix("student.")
        }
        let method = try kind.init(
            MethodSetup(
                settings: recipe.settings, teacherChannels: teacher.mapValues { $0.size(1) },
                studentChannels: student.mapValues { $0.size(1) }, classes: classes))
        try method.load(parameters, from: name)
        return method
    }

    /// The case's tensors, with the student's as leaves.
    func methodInputs(teacher: (Tensor) -> Tensor = { $0 }, student: (Tensor) -> Tensor = { $0 }) -> MethodInputs {
        let leaves = maps("student").mapValues { student($0).clone() }
        for leaf in leaves.values { leaf.requiresGrad = true }
        let draws = inputs.filter { key, _ in kind.draws.contains { $0.name == key } }
        return MethodInputs(teacher: maps("teacher").mapValues(teacher), student: leaves, labels: inputs["labels"], draws: draws)
    }

    /// Value, terms and all gradients, the parameters' too, against the reference.
    func check() throws {
        let method = try method(classes: inputs["queue.pixels.vectors"]?.size(0) ?? maps("student")["logits"]?.size(1) ?? 0)
        let given = methodInputs()
        let loss = method.loss(given)
        try assertClose(loss.total, #require(expected["loss"]), name)
        for (term, value) in loss.terms { try assertClose(value, #require(expected["term." + term]), "\(name) \(term)") }
        #expect(loss.terms.count == expected.keys.count { $0.hasPrefix("term.") })
        loss.total.backward()
        let parameters = Dictionary(uniqueKeysWithValues: method.namedParameters())
        for (key, gradient) in expected where key.hasPrefix("grad.") {
            let path = String(key.dropFirst(5))
            let own = path.hasPrefix("student.") ? given.student[String(path.dropFirst(8))]?.grad : parameters[path]?.grad
            try assertClose(#require(own, "\(name) \(key)"), gradient, "\(name) \(key)")
        }
        #expect(given.student.count + parameters.count == expected.keys.count { $0.hasPrefix("grad.") })
        let state = Dictionary(uniqueKeysWithValues: method.stateDict())
        for (key, tensor) in expected where key.hasPrefix("after.") {
            try assertClose(#require(state["queue." + key.dropFirst(6)]), tensor, "\(name) \(key)")
        }
    }
}
