#!/usr/bin/env python3
"""mmsegmentation's heads -> Tests/SegModelsTests/Fixtures/heads_mmseg.safetensors

Each head stands under the name `decode_head`, filled by formula as `zoo.py` says, and is given `stage<i>` = formula("stage<i>",
2×C×h×w) of the channels and sizes below, as a backbone's four maps; taps are `features` (the map before dropout and classifier) and
`logits`. Cases ending in `.train` are in train mode without dropout, with gradients of some parameters.

Needs mmsegmentation 1.2.2, mmengine and mmcv-lite 2.1.0. mmcv-lite has no compiled operators, and these heads use none: a
stand-in lets the package be imported.
"""
import sys
from unittest.mock import MagicMock

sys.modules["mmcv._ext"] = MagicMock(__spec__=None)

import mmseg  # noqa: E402
import torch  # noqa: E402
from fixture import formula  # noqa: E402
from mmseg.models.decode_heads import (  # noqa: E402
    ASPPHead, DepthwiseSeparableASPPHead, FCNHead, PSPHead, SegformerHead, UPerHead)
from zoo import Zoo  # noqa: E402

CHANNELS, SIZES = [8, 12, 16, 24], [(12, 16), (6, 8), (3, 4), (3, 4)]
NORM = {"norm_cfg": {"type": "BN"}}
zoo = Zoo("heads_mmseg", mmseg=mmseg.__version__)


class Whole(torch.nn.Module):
    def __init__(self, decode_head):
        super().__init__()
        self.decode_head = decode_head


def taps(network, image):
    head, seen = network.decode_head, {}
    handle = head.conv_seg.register_forward_pre_hook(lambda _m, inputs: seen.__setitem__("features", inputs[0]))
    # The image counts for nothing; `zoo.py` asks for its gradient.
    maps = [formula(f"stage{i}", (2, channels, *size)).float() + 0 * image.mean() for i, (channels, size) in enumerate(zip(CHANNELS, SIZES), 1)]
    logits = head(maps)
    handle.remove()
    return {**seen, "logits": logits}


def case(name, make, gradients=(), **options):
    def build(ratio):
        return Whole(make(num_classes=5, dropout_ratio=ratio, **options))

    zoo.case(name, build(0.1), (1, 3, 48, 64), taps)
    if gradients:
        zoo.case(f"{name}.train", build(0), (1, 3, 48, 64), taps, training=True, gradients=gradients)


last = {"in_channels": 24, "in_index": 3, **NORM}
every = {"in_channels": CHANNELS, "in_index": [0, 1, 2, 3], **NORM}
head = "decode_head"
case("fcn", FCNHead, [f"{head}.convs.0.conv.weight", f"{head}.conv_cat.conv.weight"], channels=8, **last)
case("fcn.plain", FCNHead, channels=8, num_convs=1, concat_input=False, **last)
case("fcn.joined", FCNHead, [f"{head}.convs.0.conv.weight"], channels=60, num_convs=1, kernel_size=1, concat_input=False,
     input_transform="resize_concat", **every)
case("pspnet", PSPHead, [f"{head}.psp_modules.1.1.conv.weight"], channels=8, **last)
case("deeplabv3", ASPPHead, [f"{head}.aspp_modules.1.conv.weight"], channels=8, dilations=(1, 2, 4, 6), **last)
case("deeplabv3plus", DepthwiseSeparableASPPHead, [f"{head}.aspp_modules.1.depthwise_conv.conv.weight", f"{head}.c1_bottleneck.conv.weight"],
     channels=8, dilations=(1, 2, 4, 6), c1_in_channels=8, c1_channels=6, **last)
case("segformer", SegformerHead, [f"{head}.convs.3.conv.weight", f"{head}.fusion_conv.conv.weight"], channels=8, **every)
case("upernet", UPerHead, [f"{head}.psp_modules.1.1.conv.weight", f"{head}.lateral_convs.0.conv.weight"], channels=8, **every)
zoo.write()
