import Torch

/// The cases of the fixture in the words of the Swift interface: `x` are the case's inputs.
enum Methods {
    typealias Call = @Sendable ([Tensor]) -> [Tensor]

    static let all = [arithmetic, functions, matrices, convolutions, losses, resizing, reductions, shapes]
        .reduce(into: [String: Call]()) { $0.merge($1) { _, _ in fatalError("a case is there twice") } }

    private static let arithmetic: [String: Call] = [
        "add.broadcast": { x in [x[0] + x[1]] },
        "sub.broadcast": { x in [x[0] - x[1]] },
        "mul.broadcast": { x in [x[0] * x[1]] },
        "div.broadcast": { x in [x[0] / x[1]] },
        "pow.scalar": { x in [x[0].pow(1.7)] },
        "maximum": { x in [x[0].maximum(x[1])] },
        "minimum": { x in [x[0].minimum(x[1])] },
        "where": { x in [Tensor.where(x[0], x[1], x[2])] },
        "clamp": { x in [x[0].clamp(min: -0.5, max: 0.8)] },
    ]

    private static let functions: [String: Call] = [
        "exp": { x in [x[0].exp()] },
        "sin": { x in [x[0].sin()] },
        "cos": { x in [x[0].cos()] },
        "tanh": { x in [x[0].tanh()] },
        "sigmoid": { x in [x[0].sigmoid()] },
        "abs": { x in [x[0].abs()] },
        "neg": { x in [-x[0]] },
        "log": { x in [x[0].log()] },
        "log2": { x in [x[0].log2()] },
        "sqrt": { x in [x[0].sqrt()] },
        "rsqrt": { x in [x[0].rsqrt()] },
        "reciprocal": { x in [1.0 / x[0]] },
        "relu": { x in [F.relu(x[0])] },
        "relu6": { x in [F.relu6(x[0])] },
        "silu": { x in [F.silu(x[0])] },
        "hardswish": { x in [F.hardswish(x[0])] },
        "hardsigmoid": { x in [F.hardsigmoid(x[0])] },
        "gelu": { x in [F.gelu(x[0])] },
        "gelu.tanh": { x in [F.gelu(x[0], approximate: "tanh")] },
        "leaky_relu": { x in [F.leakyRelu(x[0], slope: 0.1)] },
        "prelu": { x in [F.prelu(x[0], x[1])] },
    ]

    private static let matrices: [String: Call] = [
        "matmul": { x in [x[0].matmul(x[1])] },
        "matmul.batched": { x in [x[0].matmul(x[1])] },
        "matmul.vector": { x in [x[0].matmul(x[1])] },
        "bmm": { x in [x[0].matmul(x[1])] },
        "linear": { x in [F.linear(x[0], x[1], bias: x[2])] },
        "einsum.attention": { x in [Tensor.einsum("bnc,bmc->bnm", x[0], x[1])] },
        "einsum.trace": { x in [Tensor.einsum("bii->b", x[0])] },
        "attention": { x in [F.attention(x[0], x[1], x[2])] },
        "attention.mask": { x in [F.attention(x[0], x[1], x[2], mask: x[3])] },
    ]

    private static let convolutions: [String: Call] = [
        "conv2d": { x in [F.conv2d(x[0], x[1], bias: x[2], padding: [1, 1])] },
        "conv2d.stride": { x in [F.conv2d(x[0], x[1], stride: [2, 2], padding: [1, 1])] },
        "conv2d.dilation": { x in [F.conv2d(x[0], x[1], bias: x[2], padding: [2, 2], dilation: [2, 2])] },
        "conv2d.groups": { x in [F.conv2d(x[0], x[1], bias: x[2], padding: [1, 1], groups: 2)] },
        "conv2d.depthwise": { x in [F.conv2d(x[0], x[1], stride: [2, 2], padding: [1, 1], groups: 4)] },
        "conv2d.uneven": { x in [F.conv2d(x[0], x[1], bias: x[2], stride: [1, 2], padding: [0, 2])] },
        "conv_transpose2d": { x in
            [F.convTranspose2d(x[0], x[1], bias: x[2], stride: [2, 2], padding: [1, 1], outputPadding: [1, 1])]
        },
        "conv_transpose2d.groups": { x in [F.convTranspose2d(x[0], x[1], stride: [2, 2], groups: 2)] },
        "batch_norm.train": { x in
            [F.batchNorm(x[0], weight: x[1], bias: x[2], runningMean: nil, runningVar: nil, training: true)]
        },
        "batch_norm.eval": { x in
            [F.batchNorm(x[0], weight: x[1], bias: x[2], runningMean: x[3], runningVar: x[4], training: false, eps: 1e-3)]
        },
        "layer_norm": { x in [F.layerNorm(x[0], [6], weight: x[1], bias: x[2], eps: 1e-6)] },
        "group_norm": { x in [F.groupNorm(x[0], 3, weight: x[1], bias: x[2])] },
        "norm.channels": { x in [x[0].norm([1], keepDimensions: true)] },
    ]

    private static let losses: [String: Call] = [
        "softmax": { x in [x[0].softmax(1)] },
        "log_softmax": { x in [x[0].logSoftmax(1)] },
        "logsumexp": { x in [x[0].logSumExp([1])] },
        "cross_entropy": { x in [F.crossEntropy(x[0], x[1], ignore: 255)] },
        "cross_entropy.weights": { x in [F.crossEntropy(x[0], x[1], weight: x[2], ignore: 255)] },
        "cross_entropy.smoothing": { x in [F.crossEntropy(x[0], x[1], labelSmoothing: 0.1)] },
        "mse_loss": { x in [F.mse(x[0], x[1])] },
        "binary_cross_entropy_with_logits": { x in [F.binaryCrossEntropy(logits: x[0], x[1])] },
        "cosine_similarity": { x in [x[0].cosineSimilarity(x[1])] },
    ]

    private static let resizing: [String: Call] = [
        "bilinear.corners": { x in [F.bilinear(x[0], [7, 6], alignCorners: true)] },
        "bilinear": { x in [F.bilinear(x[0], [7, 6])] },
        "bilinear.down": { x in [F.bilinear(x[0], [4, 5])] },
        "bilinear.antialias": { x in [F.bilinearAntialiased(x[0], [4, 5])] },
        "nearest": { x in [F.nearest(x[0], [7, 6])] },
        "bicubic": { x in [F.bicubic(x[0], [7, 6])] },
        "adaptive_avg_pool": { x in [F.adaptiveAvgPool2d(x[0], [3, 2])] },
        "avg_pool": { x in [F.avgPool2d(x[0], kernel: [3, 3], stride: [2, 2], padding: [1, 1])] },
        "avg_pool.exclude_pad": { x in
            [F.avgPool2d(x[0], kernel: [3, 3], stride: [2, 2], padding: [1, 1], countIncludePad: false)]
        },
        "max_pool": { x in [F.maxPool2d(x[0], kernel: [3, 3], stride: [2, 2], padding: [1, 1])] },
        "max_pool.ceil": { x in [F.maxPool2d(x[0], kernel: [2, 2], ceilMode: true)] },
    ]

    private static let reductions: [String: Call] = [
        "sum": { x in [x[0].sum()] },
        "sum.dims": { x in [x[0].sum([0, 2], keepDimensions: true)] },
        "mean.dims": { x in [x[0].mean([1, 2])] },
        "var": { x in [x[0].variance([1])] },
        "std.population": { x in [x[0].variance([1], correction: 0, keepDimensions: true).sqrt()] },
        "amax": { x in [x[0].amax([1])] },
        "max.dim": { x in
            let (values, indices) = x[0].max(1)
            return [values, indices]
        },
        "argmax": { x in [x[0].argmax(1)] },
        "cumsum": { x in [x[0].cumsum(1)] },
        "bincount": { x in [x[0].bincount(minLength: 8)] },
    ]

    private static let shapes: [String: Call] = [
        "cat": { x in [Tensor.concatenate(x)] },
        "stack": { x in [Tensor.stack(x, 1)] },
        "permute": { x in [x[0].permute(2, 0, 1)] },
        "reshape": { x in [x[0].reshape(3, -1)] },
        "expand": { x in [x[0].expand([4, 2, 5, 3])] },
        "flip": { x in [x[0].flip([0, 2])] },
        "roll": { x in [x[0].roll([1, -2], [0, 1])] },
        "slice": { x in [x[0][.all, .stride(from: 1, to: 7, by: 2)]] },
        "select": { x in [x[0][.all, -1]] },
        "unfold": { x in [x[0].unfold(kernel: [3, 3], padding: [1, 1], stride: [2, 2])] },
        "gather": { x in [x[0].gather(1, x[1])] },
        "scatter": { x in [x[0].scatter(1, x[1], x[2])] },
        "scatter_add": { x in [x[0].scatterAdd(1, x[1], x[2])] },
        "index_select": { x in [x[0].indexSelect(0, x[1])] },
        "masked_fill": { x in [x[0].maskedFill(x[1], -2)] },
        "pad.constant": { x in [x[0].pad([1, 2, 0, 1], value: 0.5)] },
        "pad.reflect": { x in [x[0].pad([1, 2, 3, 1], mode: "reflect")] },
        "pad.replicate": { x in [x[0].pad([1, 2, 2, 1], mode: "replicate")] },
        "topk": { x in
            let (values, indices) = x[0].topK(3, 1)
            return [values, indices]
        },
        "sort": { x in
            let (values, indices) = x[0].sort(1, descending: true)
            return [values, indices]
        },
        "one_hot": { x in [x[0].oneHot(4)] },
    ]
}
