#!/usr/bin/env python3
"""ResNets by transformers, timm and torchvision -> Tests/SegModelsTests/Fixtures/conv_resnet.safetensors (see zoo.py)"""
import timm
import torchvision
import transformers
from transformers import ResNetBackbone, ResNetConfig, ResNetForImageClassification, ResNetModel
from zoo import Zoo, saved_names

zoo = Zoo("conv_resnet", transformers=transformers.__version__, timm=timm.__version__, torchvision=torchvision.__version__)


def folder_taps(network, image):
    out = network(image, output_hidden_states=True)
    taps = {f"stage{i}": value for i, value in enumerate(out.hidden_states) if i}
    return taps | ({"logits": out.logits} if hasattr(out, "logits") else {})


def backbone_taps(network, image):
    return dict(zip(network.out_features, network(image).feature_maps))


def folder(name, kind, shape, taps=folder_taps, **options):
    run = {key: options.pop(key) for key in ("training", "gradients") if key in options}
    tiny = dict(embedding_size=8, hidden_sizes=[16, 20, 24, 32], depths=[1, 2, 1, 2], num_labels=5)
    config = ResNetConfig(**{**tiny, **options})
    network = kind(config)
    zoo.case(name, network, shape, taps, config=config, rename=saved_names(network), **run)


folder("classifier", ResNetForImageClassification, (2, 3, 64, 64),
       gradients=("resnet.embedder.embedder.convolution.weight", "resnet.encoder.stages.1.layers.0.shortcut.convolution.weight"))
folder("odd", ResNetModel, (1, 3, 101, 139), downsample_in_bottleneck=True)
folder("basic", ResNetForImageClassification, (2, 3, 75, 64), layer_type="basic", hidden_act="silu", hidden_sizes=[8, 8, 12, 20])
folder("early", ResNetBackbone, (1, 3, 96, 128), backbone_taps, downsample_in_first_stage=True, out_features=["stage1", "stage3", "stage4"])
folder("train", ResNetModel, (4, 3, 64, 64), training=True)


def timm_taps(network, image):
    x, maps = network.forward_intermediates(image)
    return {f"stage{i}": value for i, value in enumerate(maps) if i} | {"logits": network.forward_head(x)}


zoo.case("timm-50c", timm.create_model("resnet50c", num_classes=7), (1, 3, 64, 96), timm_taps)
zoo.case("timm-18d", timm.create_model("resnet18d", num_classes=7), (2, 3, 75, 91), timm_taps)
zoo.case("timm-18", timm.create_model("resnet18", num_classes=7), (1, 3, 64, 64), timm_taps)
zoo.write()
