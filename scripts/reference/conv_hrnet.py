#!/usr/bin/env python3
"""timm's HRNets -> Tests/SegModelsTests/Fixtures/conv_hrnet.safetensors (see zoo.py)"""
import timm
from zoo import Zoo

zoo = Zoo("conv_hrnet", timm=timm.__version__)


def taps(network, image):
    x, maps = network.forward_intermediates(image)
    return {f"stage{i}": value for i, value in enumerate(maps) if i} | {"logits": network.forward_head(x)}


def features(network, image):
    return {f"stage{i}": value for i, value in enumerate(network(image)) if i}


zoo.case("w18-small", timm.create_model("hrnet_w18_small", num_classes=7), (1, 3, 64, 96), taps)
zoo.case("features", timm.create_model("hrnet_w18_small", features_only=True), (2, 3, 64, 64), features)
zoo.case("train", timm.create_model("hrnet_w18_small", num_classes=7), (4, 3, 64, 64), taps, training=True,
         gradients=("conv1.weight", "stage3.0.fuse_layers.2.0.0.0.weight", "classifier.bias"))
# Of some hundred running statistics a few suffice.
for key in [key for key in zoo.tensors if ".after." in key and "stage3.0.fuse_layers.2.0" not in key and ".after.bn1." not in key]:
    del zoo.tensors[key]
zoo.write()
