import Torch

extension Taps {
    /// A tap as B×C×h×w, for an image of that size: maps are given as they are; of tokens (B×N×C) those with a place, which come last.
    /// What has no places (stride 0) is given as it is.
    ///
    /// - Parameter stride: of the tap, in pixels.
    public func map(_ name: String, height: Int, width: Int, stride: Int) -> Tensor {
        let tensor = tensors[name]!
        guard tensor.dimensions == 3, stride > 0 else { return tensor }
        let (rows, columns) = ((height + stride - 1) / stride, (width + stride - 1) / stride)
        let placed = tensor[.all, (tensor.size(1) - rows * columns)...]
        return placed.transpose(1, 2).reshape(tensor.size(0), tensor.size(2), rows, columns)
    }
}
