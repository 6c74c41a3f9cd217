#!/usr/bin/env python3
"""timm's HRNet-W18-small-v2 -> Tests/SegModelsTests/Fixtures/hrnet.safetensors (see zoo.py)"""
import timm
from timm.models.hrnet import hrnet_w18_small_v2
from zoo import Zoo


def taps(network, image):
    x = network.act1(network.bn1(network.conv1(image)))
    maps = network.stages(network.act2(network.bn2(network.conv2(x))))
    outputs = {f"stage{index}": value.clone() for index, value in enumerate(maps, start=1)}
    return {**outputs, "logits": network.classifier(network.global_pool(head(network, maps)))}


def head(network, maps):
    y = network.incre_modules[0](maps[0])
    for index in range(1, 4):
        y = network.incre_modules[index](maps[index]) + network.downsamp_modules[index - 1](y)
    return network.final_layer(y)


zoo = Zoo("hrnet", timm=timm.__version__)
zoo.case("w18-small", hrnet_w18_small_v2(num_classes=7), (1, 3, 64, 96), taps,
         gradients=("conv1.weight", "stage3.1.fuse_layers.2.0.0.0.weight", "classifier.bias"))
zoo.write()
