#!/usr/bin/env python3
"""mmsegmentation's HRNet and STDC -> Tests/SegModelsTests/Fixtures/conv_mmseg.safetensors; see `heads_mmseg.py` for what must be installed."""
import sys
from unittest.mock import MagicMock

sys.modules["mmcv._ext"] = MagicMock(__spec__=None)

import mmseg  # noqa: E402
import torch  # noqa: E402
from mmseg.models.backbones import HRNet, STDCNet  # noqa: E402
from zoo import Zoo  # noqa: E402

torch.use_deterministic_algorithms(False)
zoo = Zoo("conv_mmseg", mmseg=mmseg.__version__)


def hrnet(width, modules):
    levels = [dict(num_modules=modules[count - 2], num_branches=count, block="BASIC", num_blocks=(2,) * count,
                   num_channels=tuple(width * 2**i for i in range(count))) for count in (2, 3, 4)]
    first = dict(num_modules=1, num_branches=1, block="BOTTLENECK", num_blocks=(2,), num_channels=(64,))
    return HRNet(extra=dict(zip(("stage1", "stage2", "stage3", "stage4"), [first] + levels)))


def taps(network, image):
    return {f"stage{i + 1}": value for i, value in enumerate(network(image))}


def stdc_taps(network, image):
    maps, x = {}, image
    for index, level in enumerate(network.stages):
        x = level(x)
        if index:
            maps[f"stage{index}"] = x
    return maps


def stdc(number):
    return STDCNet(f"STDCNet{number}", 3, (32, 64, 256, 512, 1024), "cat", dict(type="BN"), dict(type="ReLU"))


zoo.case("hrnet-w18-small-v2", hrnet(18, (1, 3, 2)), (1, 3, 64, 96), taps)
zoo.case("hrnet-w18-small-v2-odd", hrnet(18, (1, 3, 2)), (1, 3, 75, 91), taps)
zoo.case("stdc1", stdc(1), (2, 3, 64, 96), stdc_taps)
zoo.case("stdc2", stdc(2), (1, 3, 75, 91), stdc_taps)
zoo.case("stdc1-train", stdc(1), (4, 3, 64, 64), stdc_taps, training=True,
         gradients=("stages.0.conv.weight", "stages.3.0.downsample.conv.weight"))
zoo.write()
