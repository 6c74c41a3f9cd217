#!/usr/bin/env python3
"""Whole networks of mmsegmentation -> Tests/SegModelsTests/Fixtures/mmseg_networks.safetensors

Tiny random networks, as `zoo.py` describes, with backbone, head and auxiliary head under mmsegmentation's own names; taps are the
backbone's four maps and the head's `logits`. Needs what `heads_mmseg.py` needs.
"""
import sys
from unittest.mock import MagicMock

sys.modules["mmcv._ext"] = MagicMock(__spec__=None)

import mmseg  # noqa: E402
import torch  # noqa: E402
from mmseg.models.backbones import MixVisionTransformer, MobileNetV3, ResNet, SwinTransformer  # noqa: E402
from mmseg.models.decode_heads import FCNHead, LRASPPHead, SegformerHead, UPerHead  # noqa: E402
from zoo import Zoo  # noqa: E402

NORM = {"norm_cfg": {"type": "BN"}}
zoo = Zoo("mmseg_networks", mmseg=mmseg.__version__)


class Network(torch.nn.Module):
    def __init__(self, backbone, channels, head, auxiliary=None):
        super().__init__()
        every = {"in_channels": channels, "in_index": [0, 1, 2, 3], "num_classes": 5, **NORM}
        self.backbone, self.decode_head = backbone, head(channels=12, **every)
        if auxiliary:
            self.auxiliary_head = FCNHead(in_channels=channels[2], channels=auxiliary, in_index=2, num_convs=1, concat_input=False,
                                          num_classes=5, **NORM)


class Mobile(torch.nn.Module):
    def __init__(self, arch, indices, channels):
        super().__init__()
        norm = {"norm_cfg": {"type": "BN", "eps": 1e-3}}
        self.backbone = MobileNetV3(arch, out_indices=indices, **norm)
        self.decode_head = LRASPPHead(in_channels=channels, in_index=(0, 1, 2), channels=128, input_transform="multiple_select",
                                      num_classes=5, **norm)


def taps(network, image):
    maps = network.backbone(image)
    names = ["half", "stage1", "stage4"] if len(maps) == 3 else ["stage1", "stage2", "stage3", "stage4"]
    return {**{name: value for name, value in zip(names, maps) if name != "half"}, "logits": network.decode_head(maps)}


def case(name, network, shape):
    zoo.case(name, network, shape, taps)


mit = {"embed_dims": 8, "num_layers": [1, 2, 1, 1], "num_heads": [1, 2, 2, 4]}
swin = {"embed_dims": 8, "depths": [1, 2, 1, 1], "num_heads": [1, 2, 2, 4], "window_size": 4}
wide, odd = (2, 3, 64, 96), (1, 3, 50, 70)
case("segformer", Network(MixVisionTransformer(**mit), [8, 16, 16, 32], SegformerHead), wide)
case("upernet.swin", Network(SwinTransformer(**swin), [8, 16, 32, 64], UPerHead, auxiliary=10), wide)
case("upernet.swin.odd", Network(SwinTransformer(**swin), [8, 16, 32, 64], UPerHead), odd)
case("upernet.resnet18", Network(ResNet(depth=18, **NORM), [64, 128, 256, 512], UPerHead, auxiliary=256), wide)
case("lraspp-small", Mobile("small", (0, 1, 12), (16, 16, 576)), (1, 3, 399, 581))  # a map larger than a window, and than its stride
case("lraspp-large", Mobile("large", (1, 3, 16), (16, 24, 960)), (1, 3, 392, 400))
zoo.write()
