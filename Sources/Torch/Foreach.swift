/// LibTorch's operators over whole lists of tensors: one call instead of one for each parameter.
public enum Foreach {
    private static let mulOp = Operator("aten::_foreach_mul_.Scalar")
    private static let mulTensorOp = Operator("aten::_foreach_mul_.Tensor")
    private static let lerpOp = Operator("aten::_foreach_lerp_.Scalar")
    private static let normOp = Operator("aten::_foreach_norm.Scalar")
    private static let copyOp = Operator("aten::_foreach_copy_")
    private static let addOp = Operator("aten::_foreach_add_.List")
    private static let addScalarOp = Operator("aten::_foreach_add_.Scalar")
    private static let addTensorOp = Operator("aten::_foreach_add_.Tensor")
    private static let fusedSGDOp = Operator("aten::_fused_sgd_")
    private static let fusedAdamWOp = Operator("aten::_fused_adamw_")

    public static func mul_(_ tensors: [Tensor], _ factor: Double) { mulOp.run(tensors, factor) }
    public static func mul_(_ tensors: [Tensor], _ factor: Tensor) { mulTensorOp.run(tensors, factor) }
    public static func add_(_ tensors: [Tensor], _ others: [Tensor], scale: Double = 1) { addOp.run(tensors, others, scale) }
    public static func add_(_ tensors: [Tensor], _ value: Double) { addScalarOp.run(tensors, value) }
    public static func add_(_ tensors: [Tensor], _ value: Tensor) { addTensorOp.run(tensors, value) }
    public static func copy_(_ tensors: [Tensor], _ sources: [Tensor]) { copyOp.run(tensors, sources) }
    /// tensors + weight · (ends − tensors).
    public static func lerp_(_ tensors: [Tensor], _ ends: [Tensor], _ weight: Double) { lerpOp.run(tensors, ends, weight) }
    public static func norms(_ tensors: [Tensor], p: Double = 2) -> [Tensor] { normOp.list(tensors, p) }

    /// One step of stochastic gradient descent over all parameters; nothing changes where `isBroken` (a float32 scalar) is 1.
    public static func sgd_(
        _ parameters: [Tensor], gradients: [Tensor], momentumBuffers: [Tensor], learningRate: Double, momentum: Double,
        dampening: Double, weightDecay: Double, nesterov: Bool, isFirstStep: Bool, unless isBroken: Tensor? = nil
    ) {
        fusedSGDOp.run(
            parameters, gradients, momentumBuffers, weightDecay, momentum, learningRate, dampening, nesterov, false, isFirstStep,
            Argument.none, isBroken)
    }

    /// One step of AdamW over all parameters; `steps` holds one float32 number a parameter, already counted up. Nothing changes where
    /// `isBroken` (a float32 scalar) is 1.
    public static func adamW_(
        _ parameters: [Tensor], gradients: [Tensor], averages: [Tensor], squareAverages: [Tensor], steps: [Tensor],
        learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double, eps: Double, unless isBroken: Tensor? = nil
    ) {
        let none: [Tensor] = []
        fusedAdamWOp.run(
            parameters, gradients, averages, squareAverages, none, steps, learningRate, beta1, beta2, weightDecay, eps,
            false, false, Argument.none, isBroken)
    }
}
