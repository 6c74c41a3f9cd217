#!/usr/bin/env python3
"""torchvision's and timm's networks -> Tests/SegModelsTests/Fixtures/models.safetensors

Every network is filled by formula (see README.md and `weight_for`), so only statistics are committed. For each case and tap:
`<case>.<tap>.shape`, `<case>.<tap>.moments` (mean, standard deviation without Bessel's correction, mean of absolute
values; float64) and `<case>.<tap>.samples`: the 64 elements at row-major indices k * count / 64, rounded down.
The input of shape B×3×H×W is 2 * formula("image"). Train-mode cases also hold the batch-norm statistics afterwards
(`after.<key>`) and gradients (`grad.<parameter>`) of sum(logits * cos(row-major index)), as samples and moments.
`formula.check` is formula("check", 8) in float64. The metadata's `cases` holds each case's network, input shape and mode.

Names of tensors are torchvision's; EfficientNet-Lite0 uses those of its published weight file (`_blocks.0...`).
"""
import timm
import torch
import torchvision
from fixture import backward, fill, formula, write
from torch import nn
from torchvision.models import mobilenet_v2, resnet18, resnet34, resnet50, resnet101
from torchvision.models.segmentation.deeplabv3 import DeepLabHead, DeepLabV3
from torchvision.models.segmentation.fcn import FCNHead
from torchvision.models.segmentation.lraspp import LRASPPHead

tensors, cases = {}, {}


def summary(name, value):
    value = value.detach()
    flat = value.flatten()
    index = torch.arange(64) * flat.numel() // 64
    double = flat.double()
    tensors[f"{name}.shape"] = torch.tensor(value.shape)
    tensors[f"{name}.moments"] = torch.stack([double.mean(), double.std(correction=0), double.abs().mean()])
    tensors[f"{name}.samples"] = flat[index]


def case(name, network, modules, shape, training=False, rename=lambda key: key, note=None):
    """Runs `network` on the formula image; `modules` says which submodule's output is which tap."""
    fill(network, rename).train(training)
    taps = {}
    hooks = [network.get_submodule(path).register_forward_hook(lambda _m, _i, out, tap=tap: taps.__setitem__(tap, out))
             for tap, path in modules.items()]
    with torch.set_grad_enabled(training):
        out = network((2 * formula("image", shape)).float())
    if isinstance(out, dict):
        taps["logits"] = out["out"]
        if "aux" in out:
            taps["aux"] = out["aux"]
    elif isinstance(out, torch.Tensor):
        taps["logits"] = out
    for hook in hooks:
        hook.remove()
    for tap, value in taps.items():
        summary(f"{name}.{tap}", value)
    if training:
        backward([taps["logits"]])
        for key, value in network.named_parameters():
            summary(f"{name}.grad.{key}", value.grad)
        for key, value in network.named_buffers():
            if value.is_floating_point():
                summary(f"{name}.after.{key}", value)
    cases[name] = {"input": list(shape), "training": training, **({"note": note} if note else {})}
    print(name, {tap: (list(value.shape), round(value.std().item(), 3)) for tap, value in taps.items()})


stages = {f"stage{i}": f"layer{i}" for i in range(1, 5)}
square, wide = (1, 3, 64, 64), (2, 3, 64, 96)

case("resnet18", resnet18(num_classes=7), stages, square)
case("resnet18.wide", resnet18(num_classes=7), stages, wide)
case("resnet34", resnet34(num_classes=7), stages, square)
case("resnet50", resnet50(num_classes=7), stages, wide)
case("resnet50.dilated8", resnet50(num_classes=7, replace_stride_with_dilation=[False, True, True]), stages, wide)
case("resnet50.dilated16", resnet50(num_classes=7, replace_stride_with_dilation=[False, False, True]), stages, square)
case("resnet101", resnet101(num_classes=7), stages, square)


def dilated_resnet18():
    """ResNet-18 at stride 8. torchvision refuses dilation in basic blocks; here its rule for bottlenecks is applied to
    every 3×3 convolution: the first block of a dilated stage keeps the previous dilation, the others take the new one."""
    network, dilation = resnet18(num_classes=7), 1
    for stage in (network.layer3, network.layer4):
        previous, dilation = dilation, dilation * 2
        for index, block in enumerate(stage):
            rate = previous if index == 0 else dilation
            for convolution in (block.conv1, block.conv2):
                convolution.stride, convolution.padding, convolution.dilation = (1, 1), (rate, rate), (rate, rate)
            if block.downsample is not None:
                block.downsample[0].stride = (1, 1)
    return network


case("resnet18.dilated8", dilated_resnet18(), stages, wide, note=dilated_resnet18.__doc__)

# Outputs at strides 4, 8, 16, 32: the last block of each resolution; stage 4 is the last convolution's input.
mobile = {"stage1": "features.3", "stage2": "features.6", "stage3": "features.13", "stage4": "features.17", "last": "features.18"}
case("mobilenet_v2", mobilenet_v2(num_classes=7), mobile, wide, note=f"taps are the outputs of {mobile}")


class Segmenter(nn.Module):
    """torchvision's FCN and DeepLabV3 arrangement (backbone, classifier, resized logits) over ResNet-18 at stride 32."""

    def __init__(self, classifier):
        super().__init__()
        self.backbone = nn.Module()
        for key, child in resnet18().named_children():
            if key not in ("avgpool", "fc"):
                self.backbone.add_module(key, child)
        self.classifier = classifier

    def forward(self, x):
        features = x
        for child in self.backbone.children():
            features = child(features)
        out = self.classifier(features)
        return nn.functional.interpolate(out, size=x.shape[-2:], mode="bilinear", align_corners=False)


inner = {f"stage{i}": f"backbone.layer{i}" for i in range(1, 5)} | {"head": "classifier"}
case("fcn.resnet18", Segmenter(FCNHead(512, 5)), inner, wide, note="logits are resized to the input, head is before that")
case("deeplabv3.resnet18", Segmenter(DeepLabHead(512, 5, (12, 24, 36))), inner, wide, note="as fcn.resnet18")
case("deeplabv3.resnet50", torchvision.models.segmentation.deeplabv3_resnet50(
    weights=None, weights_backbone=None, num_classes=5, aux_loss=True), inner, wide,
    note="dilated to stride 8, ASPP rates 12 24 36, auxiliary FCN head on stage 3, logits resized to the input")


class HeadOnly(nn.Module):
    """A head under the name `head`, applied to features made by formula under their tap's name."""

    def __init__(self, head, features):
        super().__init__()
        self.head, self.features = head, features

    def forward(self, _):
        features = {key: formula(key, shape).float() for key, shape in self.features.items()}
        return self.head(features if len(features) > 1 else next(iter(features.values())))


case("head.fcn", HeadOnly(FCNHead(32, 5), {"features": (2, 32, 9, 7)}), {}, square, note="input: formula('features', 2×32×9×7)")
case("head.fcn.train", HeadOnly(FCNHead(32, 5).apply(lambda m: setattr(m, "p", 0.0) if isinstance(m, nn.Dropout) else None),
                                {"features": (2, 32, 9, 7)}), {}, square, training=True, note="as head.fcn, dropout 0")
case("head.deeplabv3", HeadOnly(DeepLabHead(32, 5, (2, 4, 6)), {"features": (2, 32, 9, 7)}), {}, square,
     note="input: formula('features', 2×32×9×7), rates 2 4 6, width 256")
case("head.lraspp", HeadOnly(LRASPPHead(16, 32, 5, 24), {"low": (2, 16, 12, 16), "high": (2, 32, 6, 8)}), {}, square,
     note="inputs: formula('low', 2×16×12×16), formula('high', 2×32×6×8); inner width 24")

case("resnet18.train", resnet18(num_classes=7), stages, (4, 3, 64, 64), training=True)


def lite0_names(key):
    """timm's names -> those of the published weight file."""
    parts = key.split(".")
    head = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1", "classifier": "_fc"}
    if parts[0] != "blocks":
        return ".".join([head[parts[0]], *parts[1:]])
    stage, index = int(parts[1]), int(parts[2])
    block = sum((1, 2, 2, 3, 3, 4, 1)[:stage]) + index
    separable = {"conv_dw": "_depthwise_conv", "bn1": "_bn1", "conv_pw": "_project_conv", "bn2": "_bn2"}
    inverted = {"conv_pw": "_expand_conv", "bn1": "_bn0", "conv_dw": "_depthwise_conv", "bn2": "_bn1",
                "conv_pwl": "_project_conv", "bn3": "_bn2"}
    names = separable if stage == 0 else inverted
    return ".".join(["_blocks", str(block), names[parts[3]], *parts[4:]])


lite = {"stage1": "blocks.1", "stage2": "blocks.2", "stage3": "blocks.4", "stage4": "blocks.6"}
for name, shape in (("efficientnet_lite0", wide), ("efficientnet_lite0.odd", (1, 3, 75, 91))):
    case(name, timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=7), lite, shape, rename=lite0_names,
         note="names as in the published weight file; TensorFlow's SAME padding, batch-norm eps 1e-3")

tensors["formula.check"] = formula("check", (8,))
write("SegModelsTests", "models", tensors, cases=cases, torchvision=torchvision.__version__, timm=timm.__version__)
