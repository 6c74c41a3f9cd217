#!/usr/bin/env python3
"""Layers of torch.nn and its initialisers -> Tests/TorchNNTests/Fixtures/layers.safetensors

For each case: `<case>.in.<i>`, `<case>.state.<key>` (the state dict before), `<case>.out`, `<case>.grad.in.<i>`,
`<case>.grad.<key>` for each parameter, and `<case>.after.<key>` for each buffer after the call (batch norm's statistics).
Gradients are of sum(out * cos(row-major index)). `init.<case>` are tensors right after torch.manual_seed(0).
`formula.check` is formula("check", 8) in float64.
The metadata's `cases` says for each case which layer it is, with its arguments, and whether it was in train mode.
"""
import torch
from fixture import backward, formula, write
from torch import nn

tensors, cases = {}, {}


def case(name, layer, *inputs, training=True):
    """Records `layer` on random inputs of the given shapes."""
    torch.manual_seed(len(cases))
    with torch.no_grad():  # so that no weight is at its trivial initial value
        for parameter in layer.parameters():
            parameter.copy_(torch.randn_like(parameter) * 0.5)
        for key, buffer in layer.named_buffers():
            if buffer.is_floating_point():
                buffer.copy_(torch.rand_like(buffer) + 0.5)
    layer.train(training)
    values = [torch.randn(shape, requires_grad=True) for shape in inputs]
    tensors.update({f"{name}.state.{key}": value.clone() for key, value in layer.state_dict().items()})
    out = layer(*values)
    backward([out])
    tensors[f"{name}.out"] = out
    for index, value in enumerate(values):
        tensors[f"{name}.in.{index}"] = value
        tensors[f"{name}.grad.in.{index}"] = value.grad
    tensors.update({f"{name}.grad.{key}": parameter.grad for key, parameter in layer.named_parameters()})
    tensors.update({f"{name}.after.{key}": buffer for key, buffer in layer.named_buffers()})
    cases[name] = {"layer": repr(layer), "training": training}


image = (2, 4, 7, 6)
case("conv", nn.Conv2d(4, 6, 3), image)
case("conv.stride", nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False), image)
case("conv.dilation", nn.Conv2d(4, 6, 3, padding=2, dilation=2), image)
case("conv.groups", nn.Conv2d(4, 6, 3, padding=1, groups=2), image)
case("conv.depthwise", nn.Conv2d(4, 4, 5, stride=2, padding=2, groups=4, bias=False), image)
case("conv.pointwise", nn.Conv2d(4, 3, 1), image)
case("conv.uneven", nn.Conv2d(4, 3, (3, 1), stride=(1, 2), padding=(1, 0)), image)
case("conv_transpose", nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1), (1, 4, 4, 3))
case("conv_transpose.2x2", nn.ConvTranspose2d(4, 3, 2, stride=2, bias=False), (1, 4, 4, 3))
case("batch_norm.train", nn.BatchNorm2d(4), image)
case("batch_norm.eval", nn.BatchNorm2d(4), image, training=False)
case("batch_norm.momentum", nn.BatchNorm2d(4, eps=1e-3, momentum=0.01), image)
case("layer_norm", nn.LayerNorm(6, eps=1e-6), (2, 5, 6))
case("group_norm", nn.GroupNorm(2, 4), image)
case("linear", nn.Linear(5, 3), (2, 4, 5))
case("linear.plain", nn.Linear(5, 3, bias=False), (4, 5))
case("prelu", nn.PReLU(4), image)
case("prelu.shared", nn.PReLU(), image)
case("relu", nn.ReLU(), image)
case("relu6", nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU6()), image)
case("gelu", nn.GELU(), image)
case("silu", nn.SiLU(), image)
case("hardswish", nn.Hardswish(), image)
case("sigmoid", nn.Sigmoid(), image)
case("dropout.eval", nn.Dropout(0.5), image, training=False)
case("dropout2d.eval", nn.Dropout2d(0.5), image, training=False)
case("max_pool", nn.MaxPool2d(3, stride=2, padding=1), image)
case("max_pool.ceil", nn.MaxPool2d(2, ceil_mode=True), image)
case("avg_pool", nn.AvgPool2d(3, stride=2, padding=1), image)
case("avg_pool.exclude_pad", nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), image)
case("adaptive_avg_pool", nn.AdaptiveAvgPool2d((3, 2)), image)
case("adaptive_avg_pool.one", nn.AdaptiveAvgPool2d(1), image)
case("upsample.bilinear", nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), (1, 2, 4, 3))
case("upsample.corners", nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True), (1, 2, 4, 3))
case("upsample.nearest", nn.Upsample(scale_factor=2, mode="nearest"), (1, 2, 4, 3))
case("sequence", nn.Sequential(nn.Conv2d(4, 6, 3, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 2, 1)), image)


def initialised(name, make):
    """Records the parameters that `make` produces from seed 0."""
    torch.manual_seed(0)
    made = make()
    if isinstance(made, torch.Tensor):
        tensors[f"init.{name}"] = made
    else:
        tensors.update({f"init.{name}.{key}": value for key, value in made.state_dict().items()})
    cases[f"init.{name}"] = {"after": "torch.manual_seed(0)"}


init = nn.init
initialised("conv", lambda: nn.Conv2d(3, 8, 3))
initialised("conv.groups", lambda: nn.Conv2d(8, 8, 3, groups=4))
initialised("conv_transpose", lambda: nn.ConvTranspose2d(3, 4, 2))
initialised("linear", lambda: nn.Linear(20, 9))
initialised("prelu", lambda: nn.PReLU(3))
initialised("batch_norm", lambda: nn.BatchNorm2d(3))
initialised("sequence", lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 4)))
initialised("kaiming_normal.fan_out", lambda: init.kaiming_normal_(torch.empty(8, 3, 3, 3), mode="fan_out", nonlinearity="relu"))
initialised("kaiming_normal.fan_in", lambda: init.kaiming_normal_(torch.empty(8, 3, 3, 3)))
initialised("kaiming_uniform.sqrt5", lambda: init.kaiming_uniform_(torch.empty(8, 3, 3, 3), a=5**0.5))
initialised("trunc_normal", lambda: init.trunc_normal_(torch.empty(12, 12), std=0.02))
initialised("trunc_normal.cut", lambda: init.trunc_normal_(torch.empty(12, 12), mean=0.5, std=2.0, a=-1.0, b=1.5))
initialised("xavier_uniform", lambda: init.xavier_uniform_(torch.empty(9, 20)))
initialised("xavier_normal", lambda: init.xavier_normal_(torch.empty(9, 20)))
initialised("normal", lambda: init.normal_(torch.empty(5, 5), 0.0, 0.01))
initialised("uniform", lambda: init.uniform_(torch.empty(5, 5), -0.2, 0.1))

tensors["formula.check"] = formula("check", 8)
write("TorchNNTests", "layers", tensors, cases=cases)
