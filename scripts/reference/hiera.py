"""Hiera and SAM 2's encoder by transformers and timm: tiny networks, square and not, with windows that need padding.

Writes Tests/SegModelsTests/Fixtures/hiera.safetensors.
"""
import timm
import torch
import transformers
from timm.models.hiera import Hiera
from timm.models.hieradet_sam2 import HieraDet
from transformers import (HieraBackbone, HieraConfig, HieraForImageClassification, HieraForPreTraining, HieraModel, Sam2Config,
                          Sam2HieraDetConfig, Sam2HieraDetModel, Sam2Model, Sam2VisionConfig, Sam2VisionModel)
from zoo import Zoo

torch.use_deterministic_algorithms(False)  # the gradient of bicubic resizing
zoo = Zoo("hiera", transformers=transformers.__version__, timm=timm.__version__)


def named(maps, **others):
    """Stages 1 to 4 from the last four of B×h×w×C."""
    return {f"stage{i + 1}": value.permute(0, 3, 1, 2) for i, value in enumerate(maps)} | others


def resize_schedule(model, shape):
    """transformers rolls hidden states back by the size of the configuration only; this is the same rule for another size."""
    encoder, config = model.encoder, model.config
    size = [n // s for n, s in zip(shape, config.patch_stride)]
    for index, (strides, _) in encoder.schedule.items():
        encoder.schedule[index] = strides, size
        if index < config.num_query_pool:
            size = [n // s for n, s in zip(size, config.query_stride)]


def hiera_taps(network, image):
    model = getattr(network, "hiera", network)
    resize_schedule(model, image.shape[2:])
    out = model(image, output_hidden_states=True, interpolate_pos_encoding=list(image.shape[2:]) != list(model.config.image_size))
    logits = {"logits": network.classifier(out.pooler_output)} if hasattr(network, "classifier") else {}
    return named(out.reshaped_hidden_states[1:], **logits)


def pretraining_taps(network, image):
    network.hiera.embeddings.is_mae = network.hiera.embeddings.patch_embeddings.is_mae = False
    return hiera_taps(network.hiera, image)


def backbone_taps(network, image):
    return {name: value for name, value in zip(network.out_features, network(image).feature_maps) if name != "stem"}


tiny = dict(embed_dim=16, image_size=[64, 64], depths=[1, 2, 2, 1], num_heads=[1, 2, 4, 8], num_labels=5)
zoo.case("classifier", HieraForImageClassification(HieraConfig(**tiny)), (2, 3, 64, 64), hiera_taps, config=HieraConfig(**tiny),
         gradients=["hiera.embeddings.position_embeddings", "hiera.encoder.stages.1.layers.0.attn.qkv.weight",
                    "hiera.encoder.stages.2.layers.0.proj.bias", "hiera.encoder.stages.3.layers.0.attn.qkv.bias"])
zoo.case("resized", HieraForImageClassification(HieraConfig(**tiny)), (2, 3, 96, 128), hiera_taps, config=HieraConfig(**tiny))
options = dict(embed_dim=12, embed_dim_multiplier=1.5, num_heads=[2, 3, 3, 4], depths=[1, 1, 2, 2], image_size=[96, 64], mlp_ratio=2.5,
               patch_size=[5, 5], patch_padding=[2, 2], masked_unit_attention=[True, False, True, False], hidden_act="relu",
               layer_norm_eps=1e-2)
zoo.case("options", HieraModel(HieraConfig(**options)), (2, 3, 96, 64), hiera_taps, config=HieraConfig(**options))
units = dict(tiny, masked_unit_size=[16, 16], num_query_pool=2, masked_unit_attention=[True, True, True, False], image_size=[128, 64])
zoo.case("large-units", HieraModel(HieraConfig(**units)), (1, 3, 128, 64), hiera_taps, config=HieraConfig(**units))
every = dict(tiny, masked_unit_attention=[False, False, False, False], query_stride=[2, 1], masked_unit_size=[8, 4])
zoo.case("global", HieraModel(HieraConfig(**every)), (2, 3, 64, 64), hiera_taps, config=HieraConfig(**every))
kept = HieraConfig(**tiny, out_features=["stage1", "stage2", "stage3", "stage4"])
zoo.case("backbone", HieraBackbone(kept), (2, 3, 64, 64), backbone_taps, config=kept)
some = HieraConfig(**tiny, out_features=["stem", "stage2", "stage4"])
zoo.case("backbone-some", HieraBackbone(some), (2, 3, 64, 64), backbone_taps, config=some)
masked = HieraConfig(**tiny, decoder_hidden_size=8, decoder_depth=1, decoder_num_heads=2)
zoo.case("pretraining", HieraForPreTraining(masked), (1, 3, 64, 64), pretraining_taps, config=masked)


def timm_taps(network, image):
    x, maps = network.forward_intermediates(image, output_fmt="NHWC")
    return named(maps, **({"logits": network.forward_head(x)} if network.num_classes else {}))


zoo.case("timm", Hiera(img_size=64, embed_dim=16, stages=(1, 1, 2, 1), num_classes=5), (2, 3, 64, 64), timm_taps)
zoo.case("timm-abswin", Hiera(img_size=(64, 96), embed_dim=16, stages=(1, 1, 2, 1), num_classes=5, abs_win_pos_embed=True,
         global_pos_size=(5, 5), init_values=1e-5, use_expand_proj=False), (2, 3, 64, 96), timm_taps)

# SAM 2: windows of 6 and 3 do not divide the maps of stages 3 and 4.
trunk = dict(hidden_size=16, embed_dim_per_stage=[16, 32, 64, 128], num_attention_heads_per_stage=[1, 2, 4, 8],
             blocks_per_stage=[1, 2, 3, 2], window_size_per_stage=[8, 4, 6, 3], global_attention_blocks=[4], image_size=[64, 64],
             window_positional_embedding_background_size=[5, 5])


def trunk_taps(network, image):
    return named(network(image).intermediate_hidden_states)


def sam2_taps(network, image):
    model = getattr(network, "vision_encoder", network)
    maps = model.backbone(image).intermediate_hidden_states
    return named(maps, **{f"fpn{i + 1}": value for i, value in enumerate(model(image).fpn_hidden_states)})


zoo.case("sam2-trunk", Sam2HieraDetModel(Sam2HieraDetConfig(**trunk)), (2, 3, 160, 96), trunk_taps, config=Sam2HieraDetConfig(**trunk),
         gradients=["pos_embed", "pos_embed_window", "blocks.1.attn.qkv.weight", "blocks.3.proj.weight", "blocks.6.attn.qkv.bias"])
other = dict(trunk, patch_kernel_size=[4, 4], patch_padding=[0, 0], num_query_pool_stages=2, mlp_ratio=2.0, hidden_act="relu",
             layer_norm_eps=1e-2, embed_dim_per_stage=[16, 24, 32, 32], num_attention_heads_per_stage=[2, 2, 4, 4],
             global_attention_blocks=[2, 5, 6], window_size_per_stage=[4, 4, 5, 5])
zoo.case("sam2-options", Sam2HieraDetModel(Sam2HieraDetConfig(**other)), (2, 3, 64, 96), trunk_taps, config=Sam2HieraDetConfig(**other))
neck = dict(backbone_config=dict(trunk, model_type="sam2_hiera_det_model"), backbone_channel_list=[128, 64, 32, 16], fpn_hidden_size=16)
zoo.case("sam2-vision", Sam2VisionModel(Sam2VisionConfig(**neck)), (2, 3, 128, 64), sam2_taps, config=Sam2VisionConfig(**neck))
deep = dict(neck, fpn_kernel_size=3, fpn_padding=1, fpn_top_down_levels=[0, 1, 2], num_feature_levels=4)
prompts = dict(prompt_encoder_config=dict(hidden_size=16, image_size=64, mask_input_channels=4),
               mask_decoder_config=dict(hidden_size=16, mlp_dim=16, num_hidden_layers=1, num_attention_heads=2, iou_head_hidden_dim=16))
whole = Sam2Config(vision_config=Sam2VisionConfig(**deep), **prompts)
zoo.case("sam2-model", Sam2Model(whole), (1, 3, 64, 64), sam2_taps, config=whole)
zoo.case("timm-sam2", HieraDet(embed_dim=16, stages=(1, 1, 3, 1), window_spec=(8, 4, 6, 3), global_att_blocks=(3,), num_classes=5,
         init_values=1e-5), (2, 3, 96, 128), timm_taps)

zoo.write()
