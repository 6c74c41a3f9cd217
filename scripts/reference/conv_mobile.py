#!/usr/bin/env python3
"""MobileNets and EfficientNet-Lite by timm, torchvision and transformers -> Tests/SegModelsTests/Fixtures/conv_mobile.safetensors and
conv_mobilenetv2.safetensors (see zoo.py)"""
import timm
import torch
import torchvision
import transformers
from torchvision.models import mobilenet_v3_large, mobilenet_v3_small
from torchvision.models.segmentation import deeplabv3_mobilenet_v3_large, lraspp_mobilenet_v3_large
from transformers import (MobileNetV2Config, MobileNetV2ForImageClassification, MobileNetV2ForSemanticSegmentation,
                          MobileNetV2Model)
from zoo import Zoo, saved_names


def timm_taps(network, image):
    x, maps = network.forward_intermediates(image)
    return {f"stage{i}": value for i, value in enumerate(maps) if i} | {"logits": network.forward_head(x)}


def torchvision_taps(ends):
    def taps(network, image):
        x, maps = image, {}
        for index, layer in enumerate(network.features):
            x = layer(x)
            if index in ends:
                maps[f"stage{ends.index(index) + 1}"] = x
        return maps | {"logits": network.classifier(x.mean([2, 3]))}
    return taps


def timm_case(name, shape, **options):
    zoo.case(name, timm.create_model(name, num_classes=7), shape, timm_taps, **options)


zoo = Zoo("conv_mobile", timm=timm.__version__, torchvision=torchvision.__version__)
timm_case("mobilenetv2_050", (1, 3, 75, 91))
timm_case("mobilenetv3_small_050", (1, 3, 64, 96))
timm_case("mobilenetv3_large_100", (2, 3, 64, 64))
timm_case("tf_efficientnet_lite1", (1, 3, 75, 91))
timm_case("tf_efficientnet_lite3", (1, 3, 64, 64))
zoo.case("large", mobilenet_v3_large(num_classes=7), (1, 3, 64, 96), torchvision_taps([3, 6, 12, 16]))
zoo.case("small", mobilenet_v3_small(num_classes=7), (1, 3, 75, 91), torchvision_taps([1, 3, 8, 12]))


class Dilated(torch.nn.Module):
    """torchvision's features as its DeepLabV3 has them: at stride 16."""

    def __init__(self):
        super().__init__()
        network = mobilenet_v3_large(num_classes=7, dilated=True)
        self.features, self.classifier = network.features, network.classifier


zoo.case("large-dilated", Dilated(), (1, 3, 64, 75), torchvision_taps([3, 6, 12, 16]))


def segmenter_taps(network, image):
    maps = network.backbone(image)
    names = {"low": "stage2", "aux": "stage2", "high": "stage4", "out": "stage4"}
    return {names[name]: value for name, value in maps.items()} | {"logits": network(image)["out"]}


bare = dict(weights_backbone=None, num_classes=6)
zoo.case("lraspp", lraspp_mobilenet_v3_large(**bare), (2, 3, 75, 91), segmenter_taps)
zoo.case("deeplabv3", deeplabv3_mobilenet_v3_large(**bare, aux_loss=True), (1, 3, 64, 96), segmenter_taps)
zoo.case("train", timm.create_model("mobilenetv3_small_050", num_classes=7), (4, 3, 64, 64), timm_taps, training=True,
         gradients=("conv_stem.weight", "blocks.2.0.se.conv_reduce.weight", "blocks.5.0.conv.weight", "classifier.bias"))
for key in [key for key in zoo.tensors if ".after." in key and ".after.bn1." not in key and "blocks.5.0" not in key]:
    del zoo.tensors[key]
zoo.write()

zoo = Zoo("conv_mobilenetv2", transformers=transformers.__version__)


def folder_taps(network, image):
    out = network(image, output_hidden_states=True)
    taps = {f"stage{i + 1}": out.hidden_states[k] for i, k in enumerate((1, 4, 11, 15))}
    return taps | ({"logits": out.logits} if hasattr(out, "logits") else {})


def folder(name, kind, shape, **options):
    run = {key: options.pop(key) for key in ("training", "gradients") if key in options}
    config = MobileNetV2Config(**{**dict(depth_multiplier=0.25, num_labels=5), **options})
    network = kind(config)
    zoo.case(name, network, shape, folder_taps, config=config, rename=saved_names(network), **run)


folder("classifier", MobileNetV2ForImageClassification, (2, 3, 64, 64),
       gradients=("mobilenet_v2.conv_stem.first_conv.convolution.weight", "mobilenet_v2.layer.3.conv_3x3.convolution.weight"))
folder("odd", MobileNetV2Model, (1, 3, 75, 91), finegrained_output=False, layer_norm_eps=0.01)
folder("dilated8", MobileNetV2Model, (1, 3, 96, 75), output_stride=8)
folder("options", MobileNetV2ForImageClassification, (1, 3, 75, 64), output_stride=16, tf_padding=False, first_layer_is_expansion=False,
       expand_ratio=3.5, hidden_act="silu", depth_divisible_by=4, min_depth=4, depth_multiplier=0.3)
folder("segmenter", MobileNetV2ForSemanticSegmentation, (2, 3, 96, 75), output_stride=8,
       gradients=("segmentation_head.conv_projection.convolution.weight", "segmentation_head.conv_pool.convolution.weight"))
folder("train", MobileNetV2Model, (4, 3, 64, 64), training=True)
for key in [key for key in zoo.tensors if ".after." in key and ".after.conv_1x1." not in key and ".after.layer.3." not in key]:
    del zoo.tensors[key]
zoo.write()
