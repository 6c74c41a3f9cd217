import Support
import Torch

/// Kernels that turn patches into tokens, for patches of another size (Beyer et al. 2023, FlexiViT).
enum PatchKernel {
    private static let pseudoInverse = Operator("aten::linalg_pinv.atol_rtol_float")

    /// The kernel whose answer to a patch resized to `side` comes nearest to the given one's answer to the patch itself: with B the
    /// matrix that resizes (bicubic, antialiased), it is the pseudo-inverse of Bᵀ times the given kernel. Exact when the patch grows.
    /// - Parameter kernel: C×3×s×s.
    /// - Returns: C×3×side×side, in the kernel's type.
    static func resized(_ kernel: Tensor, to side: Int) -> Tensor {
        let (given, wanted) = (kernel.size(-1) * kernel.size(-2), side * side)
        let units = Tensor.eye(given).reshape(given, 1, kernel.size(-2), kernel.size(-1))
        // Row i is the i-th unit patch, resized: Bᵀ.
        let transposed = F.bicubicAntialiased(units, [side, side]).reshape(given, wanted)
        let inverse = pseudoInverse(transposed, Argument.none, Argument.none, false)
        let planes = kernel.float.reshape(-1, given).matmul(inverse.transpose(0, 1))
        return planes.reshape(kernel.size(0), kernel.size(1), side, side).to(kernel.dtype)
    }
}

extension VisionTransformer.Configuration {
    /// The same network for patches of another size, with as many learned positions; patch kernels of files are then resized.
    mutating func takePatches(of side: Int) {
        imageSize = imageSize / patch * side
        patch = side
        resizesPatches = true
    }
}
