#!/usr/bin/env python3
"""torchvision's ShuffleNetV2 -> Tests/SegModelsTests/Fixtures/shufflenet.safetensors (see zoo.py)"""
import torchvision
from torchvision.models import shufflenet_v2_x0_5, shufflenet_v2_x1_0
from zoo import Zoo


def taps(network, image):
    x = network.maxpool(network.conv1(image))
    maps = {"stage1": x}
    for index, level in enumerate((network.stage2, network.stage3, network.stage4), start=2):
        x = maps[f"stage{index}"] = level(x)
    maps["logits"] = network.fc(network.conv5(x).mean([2, 3]))
    return maps


zoo = Zoo("shufflenet", torchvision=torchvision.__version__)
zoo.case("x0.5", shufflenet_v2_x0_5(num_classes=7), (2, 3, 64, 96), taps)
zoo.case("x1.0", shufflenet_v2_x1_0(num_classes=7), (1, 3, 75, 91), taps)
zoo.case("x0.5.train", shufflenet_v2_x0_5(num_classes=7), (4, 3, 64, 64), taps, training=True, gradients=("conv1.0.weight", "fc.bias"))
zoo.write()
