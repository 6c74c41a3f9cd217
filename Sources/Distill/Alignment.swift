import Torch
import TorchNN

/// Brings a student's map to the teacher's width, where they differ: the usual 1×1 convolution. Trained with the student
/// and left out of its checkpoint.
public final class Projector: Module {
    let conv: Conv2d?

    /// - Parameter always: even where the widths agree.
    public init(from studentChannels: Int, to teacherChannels: Int, always: Bool = false) {
        conv = studentChannels == teacherChannels && !always ? nil : Conv2d(studentChannels, teacherChannels, kernel: 1)
    }

    public override class var keys: [String: String] { ["conv": ""] }

    /// B×Cs×h×w to B×Ct×h×w.
    public func callAsFunction(_ x: Tensor) -> Tensor { conv.map { $0(x) } ?? x }
}

extension MethodSetup {
    /// The projector of a role's maps.
    /// - Parameter always: whether the method has one where the widths agree too.
    func projector(_ role: String = "features", always: Bool = false) -> Projector {
        Projector(from: studentChannels[role]!, to: teacherChannels[role]!, always: hasProjector ?? always)
    }
}

/// The teacher's map on the student's grid: resized bilinearly (align_corners false) where the sizes differ, without gradient.
/// The student's is never resized.
func aligned(_ teacher: Tensor, to student: Tensor) -> Tensor { resized(teacher.detach().fullPrecision, to: student) }

/// A map on the grid of another, resized bilinearly (align_corners false) where the sizes differ.
func resized(_ map: Tensor, to other: Tensor) -> Tensor {
    let size = Array(other.shape.suffix(2))
    return Array(map.shape.suffix(2)) == size ? map : F.bilinear(map, size)
}

extension MethodInputs {
    /// What a projector or a generator makes of a map: computed in what the student's own layers compute in, given in float32.
    func layer(_ map: Tensor, _ body: (Tensor) -> Tensor) -> Tensor {
        withAutocast(autocast, on: map.device) { body(autocast == nil ? map.fullPrecision : map) }.fullPrecision
    }
}
