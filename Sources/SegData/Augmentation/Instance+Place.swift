import Vision

extension [Instance] {
    /// The objects as an augmented image shows them: masks by the rule that labels follow, boxes around what is left of the masks, as
    /// Detectron2 does after a crop. Objects of which nothing is seen are dropped.
    /// - Parameter size: the image's before augmentation.
    public func placed(_ plan: Augmentation.Plan, _ size: Size) -> [Instance] {
        let window = Augmentation.Window(plan)
        let (columns, rows) = window.sources(plan, size)
        return compactMap { instance in
            var mask = instance.mask.resampled(
                columns: columns, rows: rows, left: window.left, top: window.top, width: plan.window.width, height: plan.window.height)
            if plan.transposed { mask = mask.transposed() }
            if let warp = plan.warp, !mask.isEmpty { mask = mask.warped(by: warp) }
            return instance.with(mask)
        }
    }
}

extension Instance {
    /// The object with another mask and the box around it; nil for an empty mask.
    func with(_ mask: RunLengthMask) -> Instance? {
        mask.isEmpty ? nil : Instance(category: category, mask: mask, isCrowd: isCrowd, id: id)
    }
}
