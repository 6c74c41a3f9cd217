import Distill
import Foundation
import Recipes
import SegTesting
import Testing
import Torch
import TorchNN

/// `skd`, `cirkd-minibatch` and `brd`: values and gradients against `scripts/reference/losses_relation.py`, and what must hold of any of them.
@Suite struct RelationTests {
    static let names = ["skd", "cirkd-minibatch", "brd"]

    @Test(arguments: names)
    func everyCaseComesOutAsInPyTorch(_ name: String) throws {
        let fixture = try Fixture("losses_relation", in: .module)
        let cases = try fixture.settings("cases", as: [String: [String: JSONValue]].self).filter { $0.key.hasPrefix(name + ".") }
        #expect(cases.count == ["skd": 10, "cirkd-minibatch": 9, "brd": 7][name])
        for (name, settings) in cases {
            let given = fixture.tensors(under: name + ".").filter { !$0.key.hasPrefix("grad.boundaries") }
            let kind = try Methods.named(String(name.prefix { $0 != "." }))
            let recipe = try MethodRecipe.parse(kind.schema, settings: settings.map { "\($0)=\($1.text)" })
            let inputs = given.filter {
                $0.key.hasPrefix("teacher") || $0.key.hasPrefix("student") || $0.key.hasPrefix("boundaries") || $0.key == "labels"
            }
            let outputs = Dictionary(uniqueKeysWithValues: try LossParity.run(recipe, inputs: inputs))
            #expect(Set(outputs.keys).union(inputs.keys) == Set(given.keys))
            for (key, tensor) in outputs { try assertClose(tensor, #require(given[key]), "\(name) \(key)") }
        }
    }

    @Test func headsOfBoundariesLearnAsInPyTorch() throws {
        let given = try Fixture("losses_relation", in: .module).tensors(under: "brd.learned.")
        func maps(_ side: String) -> [String: Tensor] {
            let found = given.filter { $0.key.hasPrefix(side + ".") }
            return Dictionary(uniqueKeysWithValues: found.map { (String($0.key.dropFirst(side.count + 1)), $0.value) })
        }
        let method = try Maps(teacher: maps("teacher"), student: maps("student")).make(
            "brd", ["boundary": .text("learned"), "radius": .integer(3)])
        try method.load(given.filter { $0.key.hasPrefix("boundaries") }, from: "the fixture")
        method.loss(MethodInputs(teacher: maps("teacher"), student: maps("student"), labels: given["labels"])).total.backward()
        let parameters = method.namedParameters()
        #expect(parameters.count == 16)
        for (name, parameter) in parameters {
            try assertClose(#require(parameter.grad), #require(given["grad." + name]), name)
        }
    }

    @Test func learnedBoundariesKeepTheRules() throws {
        let maps = Maps()
        let method = try maps.make("brd", ["boundary": .text("learned"), "radius": .integer(3)])
        func run(_ value: Double, labels: Tensor?) -> (loss: Double, slopes: [Tensor]) {
            let leaves = maps.student.mapValues { map in
                let copy = map.clone()
                copy[1, .all, .all, (map.size(3) / 2)...].fill_(value)
                copy.requiresGrad = true
                return copy
            }
            let loss = method.loss(MethodInputs(teacher: maps.teacher, student: leaves, labels: labels))
            loss.total.backward()
            return (loss.total.item(), ["stage1", "stage2"].map { leaves[$0]!.grad! })
        }
        let (loss, slopes) = run(3, labels: maps.labels)
        let (other, otherSlopes) = run(-70, labels: maps.labels)
        #expect(loss == other)
        for (slope, otherSlope) in zip(slopes, otherSlopes) {
            try assertClose(otherSlope, slope)
            #expect(slope[1, .all, .all, (slope.size(3) / 2)...].abs().amax().item() == 0)
        }
        // Parity without labels: every position counts, and there is nothing to train heads with.
        #expect(run(3, labels: nil).loss.isFinite)
        let nothing = run(3, labels: .full([2, 8, 12], 255, dtype: .int64))
        #expect(nothing.loss == 0 && nothing.slopes.allSatisfy { $0.abs().amax().item() == 0 })
    }

    @Test(arguments: names)
    func aStudentLikeItsTeacherHasNothingToLearn(_ name: String) throws {
        let maps = Maps()
        let (loss, slopes) = try maps.run(name, teacher: maps.student)
        #expect(abs(loss) < 1e-9)
        for slope in slopes.values { #expect(slope.abs().amax().item() < 1e-7) }
    }

    /// Cosines do not see which way the axes of a feature point.
    @Test(arguments: names)
    func aRotationOfTheChannelsIsNotSeen(_ name: String) throws {
        let maps = Maps()
        let pooled = ["pool": SettingValue.integer(1)]
        let rotated = maps.student.mapValues { Self.rotate($0) }
        let (loss, slopes) = try maps.run(name, teacher: rotated, settings: name == "skd" ? pooled : [:])
        let (other, otherSlopes) = try maps.run(name, settings: name == "skd" ? pooled : [:])
        #expect(abs(loss) < 1e-5 * other)
        for (key, slope) in slopes { #expect(slope.abs().amax().item() < 2e-5 * otherSlopes[key]!.abs().amax().item()) }
    }

    private static func rotate(_ map: Tensor) -> Tensor {
        let axes = Operator("aten::linalg_qr").many(Tensor.randn([map.size(1), map.size(1)]), "reduced")[0]
        return axes.matmul(map.flatten(2)).reshape(map.shape)
    }

    @Test(arguments: names)
    func onlyTheStudentGetsAGradient(_ name: String) throws {
        let maps = Maps()
        for map in maps.teacher.values { map.requiresGrad = true }
        let (_, slopes) = try maps.run(name)
        #expect(maps.teacher.values.allSatisfy { $0.grad == nil })
        for slope in slopes.values { #expect(slope.abs().amax().item() > 0) }
    }

    @Test(arguments: names, [false, true])
    func gradientsAreThoseOfFiniteDifferences(_ name: String, _ ignoring: Bool) throws {
        let maps = Maps(height: 4, width: 5, dtype: .float64)
        let roles = maps.roles(name)
        let method = try maps.make(name)
        try checkGradients(at: roles.map { maps.student[$0]! }, relative: 1e-6) { inputs in
            let student = Dictionary(uniqueKeysWithValues: zip(roles, inputs))
            return method.loss(MethodInputs(teacher: maps.teacher, student: student, labels: ignoring ? maps.labels : nil)).total
        }
    }

    @Test(arguments: names)
    func whatIsIgnoredChangesNeitherValueNorGradient(_ name: String) throws {
        let maps = Maps()
        let (loss, slopes) = try maps.run(name, labels: maps.labels)
        func disturbed(_ maps: [String: Tensor], _ value: Double) -> [String: Tensor] {
            maps.mapValues { map in
                let copy = map.clone()
                copy[1, .all, .all, (map.size(3) / 2)...].fill_(value)
                return copy
            }
        }
        let (otherLoss, otherSlopes) = try maps.run(
            name, teacher: disturbed(maps.teacher, 70), student: disturbed(maps.student, -50), labels: maps.labels)
        #expect(loss > 0 && otherLoss == loss)
        for (role, slope) in slopes {
            try assertClose(otherSlopes[role]!, slope, role)
            #expect(slope[1, .all, .all, (slope.size(3) / 2)...].abs().amax().item() == 0)
        }
        try assertClose(maps.run(name, labels: .zeros([2, 16, 24], dtype: .int64)).loss, maps.run(name).loss)
    }

    @Test(arguments: names)
    func imagesWithoutAnyLabelGiveZero(_ name: String) throws {
        let (loss, slopes) = try Maps().run(name, labels: .full([2, 8, 12], 255, dtype: .int64))
        #expect(loss == 0)
        for slope in slopes.values { #expect(slope.abs().amax().item() == 0) }
    }

    @Test(arguments: names)
    func channelsLastChangesNothing(_ name: String) throws {
        let maps = Maps()
        let (loss, slopes) = try maps.run(name)
        let (other, otherSlopes) = try maps.run(
            name, teacher: maps.teacher.mapValues { $0.contiguous(.channelsLast) },
            student: maps.student.mapValues { $0.contiguous(.channelsLast) }
        )
        try assertClose(other, loss)
        for (role, slope) in slopes { try assertClose(otherSlopes[role]!, slope, role) }
    }

    /// What the networks compute in bfloat16 loses its own three digits; nothing is added by the loss.
    @Test(arguments: names)
    func mapsInBfloat16AreComputedInFloat32(_ name: String) throws {
        let maps = Maps()
        let teacher = maps.teacher.mapValues { $0.to(.bfloat16) }
        let student = maps.student.mapValues { $0.to(.bfloat16) }
        let (loss, slopes) = try maps.run(name, teacher: teacher.mapValues { $0.float }, student: student.mapValues { $0.float })
        let (narrow, narrowSlopes) = try withAutocast(.bfloat16, on: .cpu) { try maps.run(name, teacher: teacher, student: student) }
        try assertClose(narrow, loss, relative: 1e-6)
        for (role, slope) in slopes {
            #expect(narrowSlopes[role]!.dtype == .bfloat16)
            try assertClose(narrowSlopes[role]!, slope, relative: 0.004, role)
        }
    }

    @Test(arguments: names)
    func featuresOfZerosGiveNoGradientButANumber(_ name: String) throws {
        let maps = Maps()
        for map in maps.student.values { map[0, .all, 0..<3, 0..<3].fill_(0) }
        let (loss, slopes) = try maps.run(name)
        #expect(loss.isFinite && loss > 0)
        for slope in slopes.values {
            #expect(slope.abs().amax().item().isFinite && slope[0, .all, 0, 0].abs().amax().item() == 0)
        }
    }

    @Test(arguments: names)
    func aLossThatNobodyLearnsFromIsTheSameNumber(_ name: String) throws {
        let maps = Maps()
        let method = try maps.make(name)
        let loss = method.loss(MethodInputs(teacher: maps.teacher, student: maps.student)).total
        #expect(!loss.requiresGrad)
        #expect(try loss.item() == maps.run(name).loss)
    }

    @Test func memoryDoesNotGrowWithTheSquareOfThePositions() throws {
        for name in Self.names {
            let settings: [String: SettingValue] = ["pool": .integer(1), "maxPositions": .integer(1 << 20)]
            func bytes(_ height: Int) throws -> Int {
                let shape = [8, 256, height, 128]
                let shapes = Dictionary(uniqueKeysWithValues: Maps().roles(name).map { ($0, shape) })
                return try Maps().make(name, settings).peakMemory(MethodShapes(teacher: shapes, student: shapes))
            }
            // The matrix of all 8,192 positions of one image is 256 MiB, and there are eight images.
            #expect(try bytes(64) < 8 * (1 << 28))
            #expect(try bytes(256) < 4 * bytes(64))
            #expect(try bytes(64) > 4 * 8 * 256 * 64 * 128)
        }
    }
}

/// A setting in a fixture's metadata.
enum JSONValue: Decodable {
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    var text: String {
        switch self {
        case .number(let value): value == value.rounded() ? "\(Int(value))" : "\(value)"
        case .text(let value): value
        }
    }
}

/// Two images' maps for any of the methods, positive as after a ReLU, so that neighbours are alike; the right half of the second is not labelled.
struct Maps {
    let teacher: [String: Tensor]
    let student: [String: Tensor]
    let labels: Tensor

    init(teacher: [String: Tensor], student: [String: Tensor]) {
        (self.teacher, self.student, labels) = (teacher, student, .zeros([1, 1, 1], dtype: .int64))
    }

    init(height: Int = 8, width: Int = 12, dtype: DType = .float32) {
        func maps(_ channels: Int) -> [String: Tensor] {
            ["features": (height, width), "stage1": (height, width), "stage2": (height / 2, width / 2)].mapValues {
                .rand([2, channels, $0.0, $0.1], dtype: dtype)
            }
        }
        (teacher, student) = (maps(5), maps(4))
        labels = .zeros([2, height, width], dtype: .int64)
        labels[1, .all, (width / 2)...].fill_(255)
    }

    func roles(_ name: String) -> [String] { name == "brd" ? ["features", "stage1", "stage2"] : ["features"] }

    func make(_ name: String, _ settings: [String: SettingValue] = [:]) throws -> any DistillationMethod {
        let kind = try Methods.named(name)
        var recipe = MethodRecipe(kind.schema)
        for (key, value) in settings where recipe.settings[key] != nil { recipe.settings[key] = value }
        return try kind.init(
            MethodSetup(
                settings: recipe.settings, teacherChannels: teacher.mapValues { $0.size(1) },
                studentChannels: student.mapValues { $0.size(1) },
                classes: 2))
    }

    /// The loss and the gradient of each of the student's maps.
    func run(
        _ name: String, teacher: [String: Tensor]? = nil, student: [String: Tensor]? = nil, labels: Tensor? = nil,
        settings: [String: SettingValue] = [:]
    ) throws -> (loss: Double, slopes: [String: Tensor]) {
        let leaves = (student ?? self.student).filter { roles(name).contains($0.key) }.mapValues { $0.detach().clone() }
        for leaf in leaves.values { leaf.requiresGrad = true }
        let inputs = MethodInputs(teacher: teacher ?? self.teacher, student: leaves, labels: labels)
        let loss = try make(name, settings).loss(inputs).total
        loss.backward()
        return (loss.item(), leaves.mapValues { $0.grad! })
    }
}
