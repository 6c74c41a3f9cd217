/// Strides and dilations of the levels of a backbone that keeps its output stride by dilation, as torchvision's
/// `replace_stride_with_dilation`: a level that should not halve the map dilates instead, from its second block on.
struct DilationPlan {
    private let outputStride: Int
    private var stride = 1
    private var dilation = 1

    init(outputStride: Int) { self.outputStride = outputStride }

    /// - Returns: the first block's stride and dilation, and the dilation of those after it.
    mutating func level(stride wanted: Int) -> (stride: Int, first: Int, rest: Int) {
        let before = dilation
        if stride * wanted > outputStride {
            dilation *= wanted
            return (1, before, dilation)
        }
        stride *= wanted
        return (wanted, before, dilation)
    }
}
