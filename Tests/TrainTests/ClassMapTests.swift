import Foundation
import Recipes
import SegData
import Support
import Testing
import Torch
import Train

/// A teacher of other classes than the student's.
@Suite(.serialized) struct ClassMapTests {
    @Test func probabilitiesAreSummed() throws {
        let map = try #require(ClassMap.toCommon7(from: .camVid11))
        let fold = try ClassFold(map, device: .cpu)
        TorchRandom.seed(3)
        let logits = Tensor.randn([2, 11, 3, 4]) * 8
        let (folded, plain) = (fold(logits).softmax(1), logits.softmax(1))
        #expect(folded.shape == [2, 7, 3, 4])
        for (target, group) in fold.groups.enumerated() {
            let sum = group.dropFirst().reduce(plain[.all, group[0]]) { (sum: Tensor, index: Int) -> Tensor in sum + plain[.all, index] }
            let difference: Tensor = folded[.all, target] - sum
            #expect(difference.abs().array(of: Float.self).max()! < 1e-6)
        }
    }

    @Test func aClassWithoutCounterpartIsRefused() throws {
        let map = try ClassMap(from: ClassList(names: ["a", "b"]), to: ClassList(names: ["x", "y"]), [0, 255])
        let error = #expect(throws: UserError.self) { try ClassFold(map, device: .cpu) }
        #expect(error?.message.contains("no class of the teacher is y") == true)
    }

    private static func teacher(_ scratch: Scratch) throws -> String {
        try train(tinyRecipe("teacher", steps: 2), into: scratch["teacher"])
        return "teacher: {model: espnetv2-s0.5, checkpoint: \"\(scratch["teacher"].path)\", precision: float32}\n"
    }

    @Test func aKnownMapTeachesAndWithoutItIsRefused() throws {
        let scratch = try Scratch()
        let extra = try Self.teacher(scratch) + "distillation: [{method: kd}]"
        let seven = ["data.classMap=common7"]
        let error = #expect(throws: UserError.self) { try TrainingSetup(tinyRecipe("x", extra, overrides: seven)) }
        #expect(error?.message.contains("the teacher tells 11 classes apart and the student 7") == true)
        #expect(error?.hint?.contains("teacher.classMap") == true)
        let mapped = seven + ["teacher.classMap=common7", "preflight.enabled=true"]
        let run = try train(tinyRecipe("x", steps: 2, extra, overrides: mapped), into: scratch["run"])
        #expect(try run.readInfo().status == .finished)
        #expect(try run.readPreflight()?.teacher?.score != nil)
        // Features need no common classes.
        _ = try TrainingSetup(tinyRecipe("x", try Self.features(scratch), overrides: seven))
    }

    private static func features(_ scratch: Scratch) throws -> String {
        "teacher: {model: espnetv2-s0.5, checkpoint: \"\(scratch["teacher"].path)\", precision: float32}\ndistillation: [{method: cwd}]"
    }

    /// Of one class each, the sum is the class itself: the same run, bit for bit.
    @Test func aMapOfNamesOntoThemselvesChangesNothing() throws {
        let scratch = try Scratch()
        let extra = try Self.teacher(scratch) + "distillation: [{method: kd}]"
        let lines = ClassList.camVid11.names.map { "\($0): \($0)" }
        try Data(("# each its own\r\n" + lines.joined(separator: "\r\n")).utf8).write(to: scratch["map.txt"])
        try train(tinyRecipe("plain", steps: 2, extra), into: scratch["plain"])
        let map = "teacher.classMap=\(scratch["map.txt"].path)"
        try train(tinyRecipe("mapped", steps: 2, extra, overrides: [map]), into: scratch["mapped"])
        #expect(try scratch["plain"].lastCheckpoint() == scratch["mapped"].lastCheckpoint())
    }

    @Test(arguments: [
        ("sky: sky\nroad: rod", "map.txt:2: the student has no class 'rod'", "Did you mean 'road'?"),
        ("sky: sky\nrode: road", "map.txt: the teacher has no class 'rode'", "Its classes: sky, building, pole, road"),
        ("sky: sky\nsky: road", "stands there more than once", ""),
    ])
    func aWrongFileIsRefusedByItsLine(_ text: String, _ message: String, _ hint: String) throws {
        let scratch = try Scratch()
        let extra = try Self.teacher(scratch) + "distillation: [{method: kd}]"
        try Data(text.utf8).write(to: scratch["map.txt"])
        let error = #expect(throws: UserError.self) {
            try TrainingSetup(tinyRecipe("x", extra, overrides: ["teacher.classMap=\(scratch["map.txt"].path)"]))
        }
        #expect(error?.message.contains(message) == true && error?.hint?.contains(hint) ?? hint.isEmpty)
    }
}
