import Torch
import TorchNN

/// Attention over a grid of tokens whose scores have a term for the distance in rows and one for that in columns (Li et al. 2022,
/// MViTv2, equation 4): softmax(q kᵀ / √D + E) v with E[i, j] = q_i · (rows[y_i − y_j] + columns[x_i − x_j]).
///
/// E is as large as the scores, so it is never whole at once: without gradients it exists for a few rows of the grid at a time, small
/// enough for the processor's cache; with gradients, when too much of it would have to be kept, it becomes a part of q and k.
package enum GridAttention {
    private static let asStrided = Operator("aten::as_strided")
    private static let linearInterpolation = Operator("aten::upsample_linear1d")

    /// Bytes of E at a time: on the CPU what its cache holds, elsewhere what a device can spare. With gradients there is one
    /// step of the graph for each part, so parts are larger.
    private static func budget(_ device: Device, isTraining: Bool) -> Int {
        device == .cpu ? (isTraining ? 24 << 20 : 8 << 20) : 512 << 20
    }

    /// - Parameters:
    ///   - q, k, v: B×heads×N×D, N = height · width.
    ///   - rows: (2·height − 1)×D by distance, the most negative first; of another length it is interpolated.
    ///   - mostKept: how many bytes of E may be kept for the gradient.
    /// - Returns: B×N×heads×D.
    package static func attend(
        _ q: Tensor, _ k: Tensor, _ v: Tensor, rows: Tensor, columns: Tensor, height: Int, width: Int, mostKept: Int = 1 << 30
    ) -> Tensor {
        let terms = Terms(q, resized(rows, 2 * height - 1), resized(columns, 2 * width - 1), height, width)
        let isTraining = isRecordingGradients && (q.requiresGrad || rows.requiresGrad)
        let bytes = q.size(0) * q.size(1) * width * height * width * q.dtype.size
        if isTraining, bytes * height > mostKept { return augmented(q, k, v, terms) }
        let count = min(height, max(1, budget(q.device, isTraining: isTraining) / bytes))
        let parts = stride(from: 0, to: height, by: count).map { start in
            let end = min(start + count, height)
            return F.attention(q.slice(2, start * width, end * width), k, v, mask: terms.bias(start, end)).transpose(1, 2)
        }
        return parts.count == 1 ? parts[0] : .concatenate(parts, 1)
    }

    private static func resized(_ table: Tensor, _ length: Int) -> Tensor {
        guard table.size(0) != length else { return table }
        return linearInterpolation(table.transpose(0, 1).unsqueeze(0), [length], false).squeeze(0).transpose(0, 1)
    }

    /// The same by scores of longer vectors: q' = (q / √D, terms), k' = (k, which row, which column).
    private static func augmented(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ terms: Terms) -> Tensor {
        let (height, width, depth) = (terms.height, terms.width, q.size(3))
        let places = Tensor.concatenate(
            [
                Tensor.eye(height, dtype: k.dtype, device: k.device).unsqueeze(1).expand([height, width, height]).reshape(-1, height),
                Tensor.eye(width, dtype: k.dtype, device: k.device).unsqueeze(0).expand([height, width, width]).reshape(-1, width),
            ], 1)
        let shape = [q.size(0), q.size(1), height * width]
        let long_q = Tensor.concatenate(
            [q * (1 / Double(depth).squareRoot()), terms.rows.reshape(shape + [height]), terms.columns.reshape(shape + [width])], 3)
        let long_k = Tensor.concatenate([k, places.expand(shape + [height + width])], 3)
        let result = F.attention(long_q, long_k, v.pad([0, height + width]), scale: 1)
        return result.slice(3, 0, depth).transpose(1, 2)
    }

    /// The two terms of E, each as a view of the products of q with all distances.
    private struct Terms {
        /// B×heads×height×width×height.
        let rows: Tensor
        /// B×heads×height×width×width.
        let columns: Tensor
        let height: Int
        let width: Int

        init(_ q: Tensor, _ rowTable: Tensor, _ columnTable: Tensor, _ height: Int, _ width: Int) {
            let (batch, heads) = (q.size(0), q.size(1))
            let (rowCount, length) = (rowTable.size(0), rowTable.size(0) + columnTable.size(0))
            // From the largest distance down, so that the keys of a query lie one after the other, one further left for the next query.
            let tables = Tensor.concatenate([rowTable.flip([0]), columnTable.flip([0])], 0)
            let products = q.matmul(tables.transpose(0, 1)).contiguous()
            let image = height * width * length
            let strides = [heads * image, image]
            rows = asStrided(
                products, [batch, heads, height, width, height], strides + [width * length - 1, length, 1], height - 1)
            columns = asStrided(
                products, [batch, heads, height, width, width], strides + [width * length, length - 1, 1], rowCount + width - 1)
            self.height = height
            self.width = width
        }

        /// E for the queries of rows `start` to `end`: B×heads×((end − start)·width)×N.
        func bias(_ start: Int, _ end: Int) -> Tensor {
            (rows.slice(2, start, end).unsqueeze(5) + columns.slice(2, start, end).unsqueeze(4)).flatten(4, 5).flatten(2, 3)
        }
    }
}
