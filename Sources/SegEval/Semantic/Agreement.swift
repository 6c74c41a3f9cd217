/// Where two predictions of the same images are right, by true class: a student and its teacher.
public struct Agreement: Sendable, Equatable, Codable {
    public var bothRight: [Int64]
    public var onlyStudent: [Int64]
    /// What distillation could still bring.
    public var onlyTeacher: [Int64]
    /// Wrong with the same class, and with different ones.
    public var sameMistake: [Int64]
    public var otherMistake: [Int64]

    public init(classes: Int) {
        let zeros = [Int64](repeating: 0, count: classes)
        (bothRight, onlyStudent, onlyTeacher, sameMistake, otherMistake) = (zeros, zeros, zeros, zeros, zeros)
    }

    /// Counts one image.
    /// - Parameter truth: class indices; values beyond the classes are left out.
    public mutating func add(student: [UInt8], teacher: [UInt8], truth: [UInt8]) {
        precondition(student.count == truth.count && teacher.count == truth.count, "maps of one size")
        // By true class, then a case: 0 other mistake, 1 student right, 2 teacher right, 3 both, 4 same mistake.
        var cases = [Int64](repeating: 0, count: 256 * 8)
        for index in truth.indices {
            let (label, mine, theirs) = (truth[index], student[index], teacher[index])
            let right = (mine == label ? 1 : 0) | (theirs == label ? 2 : 0)
            let kind = right == 0 && mine == theirs ? 4 : right
            cases[Int(label) &* 8 &+ kind] &+= 1
        }
        for label in bothRight.indices {
            otherMistake[label] += cases[8 * label]
            onlyStudent[label] += cases[8 * label + 1]
            onlyTeacher[label] += cases[8 * label + 2]
            bothRight[label] += cases[8 * label + 3]
            sameMistake[label] += cases[8 * label + 4]
        }
    }

    public static func += (sum: inout Agreement, other: Agreement) {
        for part in [\Agreement.bothRight, \.onlyStudent, \.onlyTeacher, \.sameMistake, \.otherMistake] {
            for index in sum[keyPath: part].indices { sum[keyPath: part][index] += other[keyPath: part][index] }
        }
    }

    /// Pixels of each class.
    public var pixels: [Int64] {
        bothRight.indices.map { bothRight[$0] + onlyStudent[$0] + onlyTeacher[$0] + sameMistake[$0] + otherMistake[$0] }
    }
}
