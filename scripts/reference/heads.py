#!/usr/bin/env python3
"""transformers' SegFormer and UPerNet -> Tests/SegModelsTests/Fixtures/heads.safetensors

Tiny random configurations, as `zoo.py` describes. `features` is what enters the classifier; `stage1…4` are the backbone's. Cases ending in `.train` are in train mode with every dropout at 0, with gradients.
"""
import transformers
from transformers import (
    ConvNextConfig, Dinov2Config, Dinov2WithRegistersConfig, ResNetConfig, SegformerConfig, SegformerForSemanticSegmentation, SwinConfig,
    UperNetConfig, UperNetForSemanticSegmentation)
from zoo import Zoo

zoo = Zoo("heads", transformers=transformers.__version__)
STAGES = ["stage1", "stage2", "stage3", "stage4"]


def entering(module, run):
    """What `run` gives, and what entered `module` on the way."""
    seen = []
    handle = module.register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[0]))
    result = run()
    handle.remove()
    return result, seen[0]


def segformer(network, image):
    output, features = entering(network.decode_head.classifier, lambda: network(image, output_hidden_states=True))
    return {**dict(zip(STAGES, output.hidden_states)), "features": features, "logits": output.logits}


def upernet(network, image):
    output, features = entering(network.decode_head.classifier, lambda: network(image))
    maps = network.backbone(image).feature_maps
    return {**dict(zip(STAGES, maps)), "features": features, "logits": output.logits}


def plain(network, image):
    output, features = entering(network.decode_head.classifier, lambda: network(image))
    return {"features": features, "logits": output.logits}


def case(name, kind, taps, config, shape, **more):
    zoo.case(name, kind(config), shape, taps, config=config, **more)


wide, odd = (2, 3, 64, 96), (1, 3, 50, 70)
mit = dict(depths=[1, 2, 1, 1], hidden_sizes=[8, 16, 20, 24], num_attention_heads=[1, 2, 2, 4], decoder_hidden_size=12, num_labels=5,
           drop_path_rate=0.0, classifier_dropout_prob=0.0)
Segformer = SegformerForSemanticSegmentation
case("segformer", Segformer, segformer, SegformerConfig(**mit), wide)
case("segformer.odd", Segformer, segformer, SegformerConfig(**{**mit, "num_labels": 3, "decoder_hidden_size": 20}), odd)
case("segformer.train", Segformer, segformer, SegformerConfig(**mit), wide, training=True, gradients=[
    "decode_head.linear_fuse.weight", "decode_head.linear_projections.3.proj.weight", "decode_head.linear_projections.0.proj.weight"])

swin = SwinConfig(embed_dim=8, depths=[1, 2, 1, 1], num_heads=[1, 2, 2, 4], window_size=4, image_size=64, drop_path_rate=0.0, out_features=STAGES)
convnext = ConvNextConfig(hidden_sizes=[8, 12, 16, 24], depths=[1, 1, 2, 1], out_features=STAGES)
resnet = ResNetConfig(embedding_size=8, hidden_sizes=[16, 24, 32, 40], depths=[1, 1, 1, 1], layer_type="bottleneck", out_features=STAGES)
uper = dict(hidden_size=12, num_labels=5, auxiliary_channels=8)
Uper = UperNetForSemanticSegmentation
case("upernet.swin", Uper, upernet, UperNetConfig(backbone_config=swin, **uper), wide)
case("upernet.swin.odd", Uper, upernet, UperNetConfig(
    backbone_config=swin, **{**uper, "pool_scales": [1, 3], "use_auxiliary_head": False}), odd)
case("upernet.convnext", Uper, upernet, UperNetConfig(
    backbone_config=convnext, auxiliary_num_convs=2, auxiliary_concat_input=True, **uper), wide)
case("upernet.resnet", Uper, upernet, UperNetConfig(backbone_config=resnet, **uper), wide, gradients=[
    "decode_head.psp_modules.1.1.conv.weight", "decode_head.lateral_convs.0.conv.weight"])


# Any blocks of a plain transformer, through its last norm or not; positions are interpolated.
vit = dict(hidden_size=16, num_hidden_layers=5, num_attention_heads=2, image_size=32, patch_size=8, out_features=["stage1", "stage2", "stage4", "stage5"])
case("upernet.dinov2", Uper, plain, UperNetConfig(backbone_config=Dinov2Config(**vit, apply_layernorm=False), **uper), (1, 3, 48, 64))
case("upernet.registers", Uper, plain, UperNetConfig(backbone_config=Dinov2WithRegistersConfig(**vit), **{**uper, "use_auxiliary_head": False}),
     (1, 3, 48, 64))
zoo.write()
