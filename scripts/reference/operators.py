#!/usr/bin/env python3
"""Operators of PyTorch with inputs, outputs and gradients -> Tests/TorchTests/Fixtures/operators.safetensors

Tensors: `<case>.in.<i>`, `<case>.out.<i>`, and `<case>.grad.<i>`, the gradient at input i of the sum over all outputs of
(output * cos(row-major index)); absent where an input is not differentiable. The metadata's `cases` is JSON: for each
case the ATen operator with its overload and the arguments in order, each one of {"tensor": i}, {"tensors": [i, ...]},
{"int": n}, {"float": x}, {"bool": b}, {"string": s}, {"ints": [...]}, {"floats": [...]}, {"none": true}.
"""
import zlib

import torch
from fixture import backward, write

tensors, cases = {}, {}
generator = torch.Generator()


def normal(*shape):
    return torch.randn(shape, generator=generator)


def positive(*shape):
    return torch.rand(shape, generator=generator) + 0.5


def whole(bound, *shape):
    return torch.randint(0, bound, shape, generator=generator)


def distinct(*shape):
    """Numbers without ties, so that sorting and pooling have one answer."""
    count = torch.Size(shape).numel()
    return ((torch.randperm(count, generator=generator) - count / 2) / 7).reshape(shape)


class Fixed:
    """An input that takes no gradient."""

    def __init__(self, tensor):
        self.tensor = tensor


def case(name, operator, *make):
    """Runs `operator` (aten name with overload) on arguments; functions among them make tensors from the case's own seed."""
    generator.manual_seed(zlib.crc32(name.encode()))
    inputs, described, arguments = [], [], []

    def take(value):
        tensor = value.tensor if isinstance(value, Fixed) else value
        if not isinstance(value, Fixed) and tensor.is_floating_point():
            tensor.requires_grad_()
        inputs.append(tensor)
        return tensor

    for value in make:
        value = value() if callable(value) else value
        if isinstance(value, (torch.Tensor, Fixed)):
            arguments.append(take(value))
            described.append({"tensor": len(inputs) - 1})
        elif isinstance(value, list) and value and isinstance(value[0], torch.Tensor):
            first = len(inputs)
            arguments.append([take(item) for item in value])
            described.append({"tensors": list(range(first, len(inputs)))})
        else:
            arguments.append(value)
            described.append(describe(value))

    base, _, overload = operator.partition(".")
    function = getattr(getattr(torch.ops.aten, base), overload or "default")
    schema = function._schema.arguments[:len(arguments)]
    by_name = {argument.name: value for argument, value in zip(schema, arguments) if argument.kwarg_only}
    result = function(*arguments[:len(arguments) - len(by_name)], **by_name)
    outputs = list(result) if isinstance(result, (tuple, list)) else [result]
    if any(output.requires_grad for output in outputs):
        backward([output for output in outputs if output.requires_grad])
    for index, tensor in enumerate(inputs):
        tensors[f"{name}.in.{index}"] = tensor
        if tensor.grad is not None:
            tensors[f"{name}.grad.{index}"] = tensor.grad
    for index, tensor in enumerate(outputs):
        tensors[f"{name}.out.{index}"] = tensor
    cases[name] = {"operator": f"aten::{base}", "overload": overload, "arguments": described}


def describe(value):
    if value is None:
        return {"none": True}
    if isinstance(value, list):
        return {"floats" if any(isinstance(item, float) for item in value) else "ints": value}
    for kind, key in ((bool, "bool"), (int, "int"), (float, "float"), (str, "string")):
        if isinstance(value, kind):
            return {key: value}
    raise TypeError(value)


def n(*shape):
    return lambda: normal(*shape)


def p(*shape):
    return lambda: positive(*shape)


def d(*shape):
    return lambda: distinct(*shape)


def f(function):
    return lambda: Fixed(function())


# Arithmetic and broadcasting
case("add.broadcast", "add.Tensor", n(3, 1, 4), n(2, 4))
case("add.alpha", "add.Tensor", n(2, 3), n(2, 3), 2.5)
case("sub.broadcast", "sub.Tensor", n(4), n(3, 1))
case("mul.broadcast", "mul.Tensor", n(2, 3, 1), n(1, 5))
case("div.broadcast", "div.Tensor", n(2, 3), p(3))
case("pow.scalar", "pow.Tensor_Scalar", p(2, 5), 1.7)
case("pow.tensor", "pow.Tensor_Tensor", p(2, 3), n(3))
case("maximum", "maximum", n(3, 4), n(4))
case("minimum", "minimum", n(3, 4), n(4))
case("where", "where.self", f(lambda: whole(2, 3, 4).bool()), n(3, 4), n(4))
case("clamp", "clamp", n(4, 5), -0.5, 0.8)
case("lerp", "lerp.Scalar", n(6), n(6), 0.3)
case("addcmul", "addcmul", n(6), n(6), n(6), 0.5)

# Functions of one number
for name in ("exp", "sin", "cos", "tanh", "sigmoid", "erf", "abs", "neg", "expm1"):
    case(name, name, n(3, 4))
for name in ("log", "log1p", "log2", "sqrt", "rsqrt", "reciprocal"):
    case(name, name, p(3, 4))
for name in ("relu", "silu", "hardswish", "hardsigmoid", "mish"):
    case(name, name, lambda: normal(4, 5) * 3)
case("relu6", "hardtanh", lambda: normal(4, 5) * 5, 0.0, 6.0)
case("gelu", "gelu", lambda: normal(4, 5) * 2)
case("gelu.tanh", "gelu", lambda: normal(4, 5) * 2, "tanh")
case("leaky_relu", "leaky_relu", n(4, 5), 0.1)
case("elu", "elu", n(4, 5))
case("softplus", "softplus", n(4, 5))
case("prelu", "prelu", n(2, 3, 2, 2), n(3))

# Matrices
case("matmul", "matmul", n(3, 4), n(4, 5))
case("matmul.batched", "matmul", n(2, 1, 3, 4), n(3, 4, 2))
case("matmul.vector", "matmul", n(3, 4), n(4))
case("bmm", "bmm", n(2, 3, 4), n(2, 4, 2))
case("addmm", "addmm", n(5), n(3, 4), n(4, 5))
case("linear", "linear", n(2, 3, 4), n(5, 4), n(5))
case("einsum.attention", "einsum", "bnc,bmc->bnm", lambda: [normal(2, 3, 4), normal(2, 5, 4)])
case("einsum.trace", "einsum", "bii->b", lambda: [normal(2, 3, 3)])
case("outer", "outer", n(3), n(4))

# Convolution: input, weight, bias, stride, padding, dilation, (output padding,) groups
case("conv2d", "conv2d", n(2, 3, 6, 5), n(4, 3, 3, 3), n(4), [1, 1], [1, 1], [1, 1], 1)
case("conv2d.stride", "conv2d", n(1, 3, 7, 8), n(4, 3, 3, 3), None, [2, 2], [1, 1], [1, 1], 1)
case("conv2d.dilation", "conv2d", n(1, 2, 9, 7), n(3, 2, 3, 3), n(3), [1, 1], [2, 2], [2, 2], 1)
case("conv2d.groups", "conv2d", n(1, 4, 5, 5), n(6, 2, 3, 3), n(6), [1, 1], [1, 1], [1, 1], 2)
case("conv2d.depthwise", "conv2d", n(1, 4, 6, 6), n(4, 1, 3, 3), None, [2, 2], [1, 1], [1, 1], 4)
case("conv2d.uneven", "conv2d", n(1, 2, 6, 8), n(3, 2, 1, 5), n(3), [1, 2], [0, 2], [1, 1], 1)
case("conv_transpose2d", "conv_transpose2d.input", n(1, 3, 4, 4), n(3, 2, 3, 3), n(2), [2, 2], [1, 1], [1, 1], 1, [1, 1])
case("conv_transpose2d.groups", "conv_transpose2d.input", n(1, 4, 3, 3), n(4, 1, 2, 2), None, [2, 2], [0, 0], [0, 0], 2, [1, 1])

# Normalisation
case("batch_norm.train", "batch_norm", n(3, 4, 3, 3), p(4), n(4), None, None, True, 0.1, 1e-5, False)
case("batch_norm.eval", "batch_norm", n(2, 4, 3, 3), p(4), n(4), f(lambda: normal(4)), f(lambda: positive(4)), False, 0.1, 1e-3, False)
case("layer_norm", "layer_norm", n(2, 3, 6), [6], p(6), n(6), 1e-6)
case("group_norm", "group_norm", n(2, 6, 3, 2), 3, p(6), n(6), 1e-5)
case("norm.channels", "linalg_vector_norm", n(2, 5, 3), 2.0, [1], True)

# Softmax and losses
case("softmax", "softmax.int", n(2, 5, 3), 1)
case("log_softmax", "log_softmax.int", n(2, 5, 3), 1)
case("logsumexp", "logsumexp", n(2, 5, 3), [1], False)
labels = [0, 3, 255, 2, 1, 255, 4, 0, 2, 3, 1, 4]
case("cross_entropy", "cross_entropy_loss", n(2, 5, 2, 3), f(lambda: torch.tensor(labels).reshape(2, 2, 3)), None, 1, 255, 0.0)
case("cross_entropy.weights", "cross_entropy_loss", n(2, 5, 2, 3), f(lambda: torch.tensor(labels).reshape(2, 2, 3)),
     f(lambda: positive(5)), 1, 255, 0.0)
case("cross_entropy.smoothing", "cross_entropy_loss", n(6, 5), f(lambda: whole(5, 6)), None, 1, -100, 0.1)
case("kl_div.batchmean", "kl_div", n(4, 5), f(lambda: normal(4, 5).softmax(1)), 2, False)
case("kl_div.log_target", "kl_div", n(4, 5), f(lambda: normal(4, 5).log_softmax(1)), 0, True)
case("mse_loss", "mse_loss", n(3, 4), n(3, 4), 1)
case("smooth_l1_loss", "smooth_l1_loss", lambda: normal(3, 4) * 3, n(3, 4), 1, 1.0)
case("binary_cross_entropy_with_logits", "binary_cross_entropy_with_logits", n(3, 4), f(lambda: whole(2, 3, 4).float()), None, None, 1)
case("cosine_similarity", "cosine_similarity", n(3, 5), n(3, 5), 1, 1e-8)

# Resizing and pooling
case("bilinear.corners", "upsample_bilinear2d", n(1, 2, 3, 4), [7, 6], True, None, None)
case("bilinear", "upsample_bilinear2d", n(1, 2, 3, 4), [7, 6], False, None, None)
case("bilinear.down", "upsample_bilinear2d", n(1, 2, 9, 8), [4, 5], False, None, None)
case("bilinear.antialias", "_upsample_bilinear2d_aa", n(1, 2, 9, 8), [4, 5], False, None, None)
case("nearest", "upsample_nearest2d", n(1, 2, 3, 4), [7, 6], None, None)
case("bicubic", "upsample_bicubic2d", n(1, 2, 4, 5), [7, 6], False, None, None)
case("adaptive_avg_pool", "adaptive_avg_pool2d", n(1, 3, 7, 5), [3, 2])
case("avg_pool", "avg_pool2d", n(1, 2, 6, 6), [3, 3], [2, 2], [1, 1], False, True, None)
case("avg_pool.exclude_pad", "avg_pool2d", n(1, 2, 6, 6), [3, 3], [2, 2], [1, 1], False, False, None)
case("max_pool", "max_pool2d", d(1, 2, 6, 6), [3, 3], [2, 2], [1, 1], [1, 1], False)
case("max_pool.ceil", "max_pool2d", d(1, 2, 5, 6), [2, 2], [2, 2], [0, 0], [1, 1], True)
case("pixel_shuffle", "pixel_shuffle", n(1, 8, 2, 3), 2)

# Reductions
case("sum", "sum", n(3, 4))
case("sum.dims", "sum.dim_IntList", n(2, 3, 4), [0, 2], True)
case("mean.dims", "mean.dim", n(2, 3, 4), [1, 2], False)
case("var", "var.correction", n(3, 6), [1], 1, False)
case("std.population", "std.correction", n(3, 6), [1], 0, True)
case("amax", "amax", d(3, 5), [1], False)
case("max.dim", "max.dim", d(3, 5), 1, False)
case("min.dim", "min.dim", d(3, 5), 0, True)
case("argmax", "argmax", d(3, 5), 1, False)
case("prod", "prod.dim_int", n(3, 4), 1, False)
case("cumsum", "cumsum", n(3, 5), 1)
case("all", "all.dim", f(lambda: whole(2, 4, 3).bool()), 1, False)
case("bincount", "bincount", f(lambda: whole(6, 20)), None, 8)

# Shapes, indexing, order
case("cat", "cat", lambda: [normal(2, 3), normal(1, 3), normal(2, 3)], 0)
case("stack", "stack", lambda: [normal(2, 3), normal(2, 3)], 1)
case("permute", "permute", n(2, 3, 4), [2, 0, 1])
case("reshape", "reshape", n(2, 6), [3, -1])
case("expand", "expand", n(2, 1, 3), [4, 2, 5, 3], False)
case("flip", "flip", n(2, 3, 4), [0, 2])
case("roll", "roll", n(3, 4), [1, -2], [0, 1])
case("slice", "slice.Tensor", n(3, 8), 1, 1, 7, 2)
case("select", "select.int", n(3, 4, 2), 1, -1)
case("unfold", "im2col", n(1, 2, 4, 5), [3, 3], [1, 1], [1, 1], [2, 2])
case("gather", "gather", n(3, 5), 1, f(lambda: whole(5, 3, 4)))
case("scatter", "scatter.src", n(3, 5), 1, f(lambda: torch.stack([torch.randperm(5, generator=generator)[:2] for _ in range(3)])), n(3, 2))
case("scatter_add", "scatter_add", n(3, 5), 1, f(lambda: whole(5, 3, 4)), n(3, 4))
case("index_select", "index_select", n(4, 3), 0, f(lambda: whole(4, 6)))
case("masked_fill", "masked_fill.Scalar", n(3, 4), f(lambda: whole(2, 3, 4).bool()), -2.0)
case("pad.constant", "constant_pad_nd", n(1, 2, 3, 3), [1, 2, 0, 1], 0.5)
case("pad.reflect", "reflection_pad2d", n(1, 2, 4, 4), [1, 2, 3, 1])
case("pad.replicate", "replication_pad2d", n(1, 2, 3, 3), [1, 2, 2, 1])
case("topk", "topk", d(3, 6), 3, 1, True, True)
case("sort", "sort", d(3, 6), 1, True)
case("one_hot", "one_hot", f(lambda: whole(4, 5)), 4)
case("tril", "tril", n(4, 4), -1)

# Attention
case("attention", "scaled_dot_product_attention", n(1, 2, 5, 4), n(1, 2, 6, 4), n(1, 2, 6, 4))
case("attention.mask", "scaled_dot_product_attention", n(1, 2, 5, 4), n(1, 2, 6, 4), n(1, 2, 6, 4), f(lambda: normal(5, 6)))

write("TorchTests", "operators", tensors, cases=cases)
