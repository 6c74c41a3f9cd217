import Distill
import SegModels
import Torch
import TorchNN

/// A method's second look at a batch: the student sees it again with patches hidden.
///
/// Batch normalisation looks at this pass's own batch; its running statistics, which validation and use go by, are those of whole images.
final class MaskedPass {
    /// What stands where a patch is hidden, C; trained beside the student.
    let token: Tensor
    private let view: MaskedView
    /// The student's taps by the masked view's roles.
    private let taps: [String: String]
    /// Of a patch, in pixels.
    private let side: Int

    /// - Precondition: `taps` names a map of the student's.
    init<Model>(_ view: MaskedView, taps: [String: String], of student: Network<Model>) {
        (self.view, self.taps) = (view, taps)
        let model = student.model
        side = model.patchTokens?.side ?? taps.values.map { model.tapStrides[$0]! }.max()!
        token = .zeros([HiddenPatches.channels(of: model)], device: student.device)
        token.requiresGrad = true
    }

    /// The student's maps by role, B×C×h×w, of images B×H×W×3 bytes.
    func maps<Model>(of images: Tensor, by student: Network<Model>) -> [String: Tensor] {
        let (height, width) = (images.size(1), images.size(2))
        let mask = view.draw(
            batch: images.size(0), rows: (height + side - 1) / side, columns: (width + side - 1) / side, device: student.device)
        let seen = student.model.withoutTracking {
            student.record(Set(taps.values), of: images, hiding: HiddenPatches(mask, token: token, side: side))
        }
        return taps.mapValues { seen.map($0, height: height, width: width, stride: student.model.tapStrides[$0]!) }
    }
}
