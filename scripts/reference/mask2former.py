#!/usr/bin/env python3
"""transformers' Mask2Former -> Tests/SegModelsTests/Fixtures/mask2former.safetensors

Tiny random networks on Swin, ResNet and blocks of DINOv2, as `zoo.py` describes: `pixel.features` are the mask features, `logits` the semantic scores at the masks' resolution
(what `post_process_semantic_segmentation` computes, without its resizing), `aux<i>.class` and `aux<i>.mask` the predictions of the layers before
the last. Cases ending in `.train` are in train mode with dropout and drop path at 0, with gradients.
"""
import torch
import transformers
from transformers import (
    Dinov2Config, Dinov2WithRegistersConfig, Mask2FormerConfig, Mask2FormerForUniversalSegmentation, Mask2FormerModel, ResNetConfig, SwinConfig)
from zoo import Zoo

zoo = Zoo("mask2former", transformers=transformers.__version__)


def semantic(classes, masks):
    return torch.einsum("bqc,bqhw->bchw", classes.softmax(-1)[..., :-1], masks.sigmoid())


STAGES = ["stage1", "stage2", "stage3", "stage4"]


def plain(network, image):
    """On a plain transformer the stages are blocks."""
    return {key: tensor for key, tensor in taps(network, image).items() if key != "stage4"}


def taps(network, image):
    has_classes = isinstance(network, Mask2FormerForUniversalSegmentation)
    output = network(image, output_hidden_states=True, **({"output_auxiliary_logits": True} if has_classes else {}))
    found = {"stage4": output.encoder_hidden_states[3], "pixel.features": output.pixel_decoder_last_hidden_state}
    if not has_classes:
        return {**found, "mask.logits": output.masks_queries_logits[-1]}
    found["class.logits"], found["mask.logits"] = output.class_queries_logits, output.masks_queries_logits
    found["logits"] = semantic(found["class.logits"], found["mask.logits"])
    if network.training:
        for index, layer in enumerate(output.auxiliary_logits):
            found[f"aux{index}.class"], found[f"aux{index}.mask"] = layer["class_queries_logits"], layer["masks_queries_logits"]
    return found


def config(swin=(), backbone=None, **more):
    backbone = backbone or SwinConfig(**{**dict(
        embed_dim=8, depths=[1, 1, 1, 1], num_heads=[1, 1, 2, 2], window_size=4, image_size=64, drop_path_rate=0.0,
        out_features=STAGES), **dict(swin)})
    return Mask2FormerConfig(backbone_config=backbone, **{**dict(
        hidden_dim=32, feature_size=32, mask_feature_size=16, encoder_layers=1, decoder_layers=4, num_attention_heads=4, num_queries=7,
        dim_feedforward=24, encoder_feedforward_dim=20, num_labels=5), **more})


def case(name, shape, settings, network=Mask2FormerForUniversalSegmentation, taps=taps, **more):
    zoo.case(name, network(settings), shape, taps, config=settings, skip={"criterion.empty_weight"}, **more)


case("post-norm", (2, 3, 64, 64), config(encoder_layers=2, decoder_layers=5))
case("pre-norm", (1, 3, 96, 64), config(pre_norm=True, enforce_input_projection=True, activation_function="gelu"))
case("widths", (1, 3, 75, 101), config(hidden_dim=20, feature_size=64, mask_feature_size=12, num_attention_heads=2, decoder_layers=3,
                                       swin={"window_size": 3}))
case("model", (1, 3, 64, 96), config(common_stride=8, decoder_layers=2, num_queries=3), Mask2FormerModel)
case("post-norm.train", (2, 3, 64, 96), config(), training=True, gradients=[
    "model.pixel_level_module.encoder.swin.embeddings.patch_embeddings.projection.weight",
    "model.pixel_level_module.decoder.encoder.layers.0.self_attn.sampling_offsets.weight",
    "model.pixel_level_module.decoder.encoder.layers.0.self_attn.attention_weights.bias",
    "model.pixel_level_module.decoder.level_embed",
    "model.transformer_module.queries_features.weight",
    "model.transformer_module.decoder.layers.0.self_attn.q_proj.weight",
])
small = dict(decoder_layers=2, num_queries=3)
case("resnet", (1, 3, 64, 96), config(backbone=ResNetConfig(
    embedding_size=8, hidden_sizes=[16, 24, 32, 40], depths=[1, 1, 1, 1], layer_type="bottleneck", out_features=STAGES), **small))
vit = dict(hidden_size=16, num_hidden_layers=6, num_attention_heads=2, image_size=32, patch_size=8)
case("dinov2", (1, 3, 48, 64), config(backbone=Dinov2Config(
    **vit, out_features=["stage1", "stage2", "stage4", "stage6"], apply_layernorm=False), **small), taps=plain)
case("dinov2.last", (1, 3, 48, 64), config(backbone=Dinov2Config(**vit, out_indices=[3, 4, 5, 6]), **small), Mask2FormerModel, taps=plain)
case("registers", (1, 3, 48, 64), config(backbone=Dinov2WithRegistersConfig(**vit, out_indices=[2, 3, 5, 6]), **small), taps=plain)

zoo.write()
