"""SAM's image encoder by transformers and timm: tiny networks, square and not, with windows that need padding.

Writes Tests/SegModelsTests/Fixtures/sam.safetensors.
"""
import timm
import torch
import transformers
from timm.models.vision_transformer_sam import VisionTransformerSAM
from transformers import SamConfig, SamHQConfig, SamHQModel, SamModel, SamVisionConfig, SamVisionModel
from zoo import Zoo

torch.use_deterministic_algorithms(False)  # the gradient of bicubic resizing
zoo = Zoo("sam", transformers=transformers.__version__, timm=timm.__version__)


def tokens(value, channels_last):
    """The grid of an encoder as B×N×C."""
    return value.flatten(1, 2) if channels_last else value.flatten(2).transpose(1, 2)


def taps(encoder, blocks, call):
    """block.<i>, and the neck's output as patches."""
    def run(network, image):
        found = {}
        hooks = [block.register_forward_hook(lambda _, __, out, i=i: found.__setitem__(f"block.{i}", tokens(out, True)))
                 for i, block in enumerate(blocks(network))]
        hooks.append(encoder(network).neck.register_forward_hook(lambda _, __, out: found.__setitem__("patches", tokens(out, False))))
        logits = call(network, image)
        for hook in hooks:
            hook.remove()
        return found if logits is None else {**found, "logits": logits}
    return run


def ours(network, image):
    network.vision_encoder(image)


def transformers_case(name, network, size, **options):
    run = taps(lambda n: n.vision_encoder, lambda n: n.vision_encoder.layers, ours)
    zoo.case(name, network, (2, 3, size, size), run, config=network.config, **options)


def timm_case(name, network, size, **options):
    def call(network, image):
        scores = network(image)
        return scores if network.num_classes else None
    zoo.case(name, network, (2, 3, *size), taps(lambda n: n, lambda n: n.blocks, call), **options)


vision = dict(hidden_size=32, output_channels=16, num_hidden_layers=4, num_attention_heads=2, image_size=64, patch_size=8,
              window_size=3, global_attn_indexes=[1, 3], num_pos_feats=8)
whole = dict(prompt_encoder_config=dict(hidden_size=16, image_size=64, patch_size=8, mask_input_channels=4),
             mask_decoder_config=dict(hidden_size=16, mlp_dim=16, num_hidden_layers=1, num_attention_heads=2, iou_head_hidden_dim=16))
transformers_case("model", SamModel(SamConfig(vision_config=vision, **whole)), 64,
                  gradients=["vision_encoder.pos_embed", "vision_encoder.layers.0.attn.rel_pos_h", "vision_encoder.layers.1.attn.rel_pos_w",
                             "vision_encoder.layers.2.attn.qkv.bias", "vision_encoder.neck.conv2.weight"])
transformers_case("vision", SamVisionModel(SamVisionConfig(**{
    **vision, "window_size": 4, "qkv_bias": False, "mlp_ratio": 2.5, "hidden_act": "relu", "layer_norm_eps": 1e-2,
    "global_attn_indexes": [0, 2], "num_attention_heads": 4})), 64)
transformers_case("plain", SamVisionModel(SamVisionConfig(**{
    **vision, "use_abs_pos": False, "use_rel_pos": False, "mlp_dim": 48, "image_size": 80, "patch_size": 16, "hidden_act": "gelu_new"})), 80)
transformers_case("wide-window", SamVisionModel(SamVisionConfig(**{
    **vision, "window_size": 14, "image_size": 56, "num_hidden_layers": 2, "global_attn_indexes": [1]})), 56)
hq = {**whole, "mask_decoder_config": {**whole["mask_decoder_config"], "vit_dim": 32}}
transformers_case("hq", SamHQModel(SamHQConfig(vision_config={**vision, "num_hidden_layers": 2, "global_attn_indexes": [1]}, **hq)), 64)

small = dict(img_size=64, patch_size=8, embed_dim=32, depth=3, num_heads=2, global_attn_indexes=(1,), window_size=3, use_rel_pos=True,
             neck_chans=16, norm_layer=lambda width, **kw: torch.nn.LayerNorm(width, eps=1e-6, **kw))
timm_case("timm", VisionTransformerSAM(**small, num_classes=5), (64, 64))
timm_case("timm-resized", VisionTransformerSAM(**small, num_classes=0), (88, 40),
          gradients=["pos_embed", "blocks.1.attn.rel_pos_h", "blocks.1.attn.rel_pos_w", "blocks.0.attn.rel_pos_h"])
timm_case("timm-neckless", VisionTransformerSAM(**{**small, "neck_chans": None, "use_abs_pos": False}, num_classes=5), (64, 64))

zoo.write()
