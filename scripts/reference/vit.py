#!/usr/bin/env python3
"""Plain vision transformers of transformers and timm, tiny -> Tests/SegModelsTests/Fixtures/vit.safetensors (see zoo.py)

`official.*` are timm's network under the names of the DINO authors' files; positions are resized as those authors do it.
"""
import math

import timm
import torch
import transformers as hf
from timm.models.eva import Eva
from timm.models.deit import VisionTransformerDistilled
from timm.models.vision_transformer import VisionTransformer
from zoo import Zoo


def tokens(blocks, prefix, last):
    """`last()` runs the network and gives its tokens after the last norm."""
    found = {}
    hooks = [block.register_forward_hook(lambda _m, _i, out, index=index: found.__setitem__(
        f"block.{index}", out[0] if isinstance(out, tuple) else out)) for index, block in enumerate(blocks)]
    result = last()
    for hook in hooks:
        hook.remove()
    taps = {**found, "patches": result[:, prefix:]}
    if prefix:
        taps["cls"] = result[:, 0]
    return taps


def theirs(prefix, norm=None, **arguments):
    def taps(network, image):
        layers = next(m for m in network.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == 2)
        extra = {}

        def last():
            if "ForImageClassification" in type(network).__name__:
                extra["logits"] = network(image, **arguments).logits
                return network.base_model(image, **arguments).last_hidden_state
            hidden = network(image, **arguments).last_hidden_state
            return norm(network)(hidden) if norm else hidden
        return {**tokens(layers, prefix, last), **extra}
    return taps


def timms(prefix):
    def taps(network, image):
        found = tokens(network.blocks, prefix, lambda: network.forward_features(image))
        return {**found, "logits": network(image)} if network.num_classes else found
    return taps


zoo = Zoo("vit", timm=timm.__version__, transformers=hf.__version__)
small = dict(hidden_size=24, num_hidden_layers=2, num_attention_heads=2, intermediate_size=40, patch_size=8)
wide = dict(interpolate_pos_encoding=True)


def folder(name, kind, shape, taps, config, **more):
    zoo.case(name, kind(config), shape, taps, config=config, **more)


folder("vit", hf.ViTModel, (2, 3, 24, 40), theirs(1, **wide), hf.ViTConfig(**small, image_size=32),
       skip=("pooler.dense.weight", "pooler.dense.bias"), gradients=("embeddings.cls_token", "layernorm.weight"))
folder("vit.classifier", hf.ViTForImageClassification, (1, 3, 32, 32), theirs(1), hf.ViTConfig(**small, image_size=32, num_labels=5, qkv_bias=False))
folder("deit.teacher", hf.DeiTForImageClassificationWithTeacher, (1, 3, 32, 32), theirs(2), hf.DeiTConfig(**small, image_size=32, num_labels=5))
folder("mae", hf.ViTModel, (1, 3, 32, 24), theirs(1, **wide), hf.ViTConfig(**small, image_size=32, layer_norm_eps=1e-6))
dino = {key: value for key, value in small.items() if key not in ("intermediate_size", "patch_size")}
folder("dinov2", hf.Dinov2Model, (2, 3, 42, 70), theirs(1), hf.Dinov2Config(**dino, patch_size=14, mlp_ratio=2, image_size=56),
       gradients=("embeddings.patch_embeddings.projection.weight", "layernorm.bias"))
folder("dinov2.gated", hf.Dinov2Model, (1, 3, 28, 28), theirs(1), hf.Dinov2Config(**dino, patch_size=7, mlp_ratio=4, image_size=28, use_swiglu_ffn=True))
folder("dinov2.classifier", hf.Dinov2ForImageClassification, (1, 3, 28, 42), theirs(1), hf.Dinov2Config(**dino, patch_size=14, image_size=28, num_labels=3))
folder("dinov2.registers", hf.Dinov2WithRegistersModel, (1, 3, 42, 28), theirs(5),
       hf.Dinov2WithRegistersConfig(**dino, patch_size=14, mlp_ratio=2, image_size=42, num_register_tokens=4))
turning = dict(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=40, patch_size=8, image_size=32)
folder("dinov3", hf.DINOv3ViTModel, (2, 3, 24, 40), theirs(4), hf.DINOv3ViTConfig(**turning, num_register_tokens=3),
       gradients=("embeddings.register_tokens", "norm.weight"))
folder("dinov3.gated", hf.DINOv3ViTModel, (1, 3, 32, 32), theirs(2),
       hf.DINOv3ViTConfig(**turning, num_register_tokens=1, use_gated_mlp=True, hidden_act="silu", key_bias=True, mlp_bias=False))
folder("clip", hf.CLIPVisionModel, (1, 3, 24, 40), theirs(1, lambda m: m.post_layernorm, **wide), hf.CLIPVisionConfig(**small, image_size=32))
folder("siglip", hf.SiglipVisionModel, (1, 3, 40, 24), theirs(0, **wide), hf.SiglipVisionConfig(**small, image_size=32, vision_use_head=False))

own = dict(patch_size=8, embed_dim=32, depth=2, num_heads=2, mlp_ratio=2, dynamic_img_size=True)
zoo.case("timm.vit", VisionTransformer(img_size=32, num_classes=5, **own), (1, 3, 24, 40), timms(1))
zoo.case("timm.deit", VisionTransformerDistilled(img_size=32, num_classes=5, **own), (1, 3, 32, 32), timms(2))
zoo.case("timm.registers", VisionTransformer(img_size=32, num_classes=0, reg_tokens=4, no_embed_class=True, init_values=1e-5, **own),
         (1, 3, 40, 24), timms(5))
zoo.case("timm.eva02", Eva(img_size=32, num_classes=5, swiglu_mlp=True, scale_mlp=True, qkv_fused=False, use_rot_pos_emb=True,
                           ref_feat_shape=(16, 16), **own), (1, 3, 24, 40), timms(1))
zoo.case("timm.eva02.fused", Eva(img_size=32, num_classes=0, swiglu_mlp=True, use_rot_pos_emb=True, ref_feat_shape=(16, 16), **own),
         (2, 3, 32, 32), timms(1))


class Official(VisionTransformer):
    """With the tensors and the resizing of positions of the DINOv2 authors' code."""

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.mask_token = torch.nn.Parameter(torch.zeros(1, self.embed_dim))

    def _pos_embed(self, x):
        batch, height, width, channels = x.shape
        side = int(math.sqrt(self.pos_embed.shape[1] - 1))
        square = self.pos_embed[:, 1:].reshape(1, side, side, channels).permute(0, 3, 1, 2)
        factors = ((height + 0.1) / side, (width + 0.1) / side)
        patches = torch.nn.functional.interpolate(square, scale_factor=factors, mode="bicubic").permute(0, 2, 3, 1)
        assert patches.shape[1:3] == (height, width)
        positions = torch.cat([self.pos_embed[:, :1], patches.reshape(1, height * width, channels)], 1)
        return torch.cat([self.cls_token.expand(batch, -1, -1), x.reshape(batch, height * width, channels)], 1) + positions


zoo.case("official.dinov2", Official(img_size=32, num_classes=0, init_values=1e-5, **own), (1, 3, 24, 56), timms(1))
zoo.write()
