#!/usr/bin/env python3
"""Multiplications with addition of torchvision's networks -> Tests/SegModelsTests/Fixtures/operations.safetensors

`<name>.<height>x<width>`: half of what PyTorch's flop counter says of one image, without the classifier.
"""
import torch
import torchvision.models as models
from fixture import write
from torch import nn
from torch.utils.flop_counter import FlopCounterMode


def headless(name):
    network = getattr(models, name)(weights=None).eval()
    if hasattr(network, "fc"):
        network.fc = nn.Identity()
    else:  # the last 1×1 convolution of MobileNetV2 belongs to its classifier here
        network.features, network.classifier = network.features[:18], nn.Identity()
    return network


counts = {}
for name, ours, height, width in (("resnet18", "resnet18", 224, 224), ("resnet50", "resnet50", 160, 96), ("mobilenet_v2", "mobilenetv2", 224, 224)):
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        headless(name)(torch.zeros(1, 3, height, width))
    counts[f"{ours}.{height}x{width}"] = torch.tensor(counter.get_total_flops() // 2)
write("SegModelsTests", "operations", counts)
