"""Swin Transformer V2 by transformers, timm and torchvision: tiny networks; maps that windows and patches do not divide.

Writes Tests/SegModelsTests/Fixtures/swinv2.safetensors.
"""
import timm
import torch
import torchvision
import transformers
from timm.models.swin_transformer_v2 import SwinTransformerV2
from torchvision.models import SwinTransformer as TorchvisionSwin
from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2
from transformers import Swinv2Backbone, Swinv2Config, Swinv2ForImageClassification
from zoo import Zoo

torch.use_deterministic_algorithms(False)  # the gradient of looking up positions
zoo = Zoo("swinv2", transformers=transformers.__version__, timm=timm.__version__, torchvision=torchvision.__version__)


def model_taps(network, image):
    model = network.swinv2
    out = model.encoder(*model.embeddings(image), output_hidden_states=True, output_hidden_states_before_downsampling=True)
    return {f"stage{i}": value for i, value in enumerate(out.reshaped_hidden_states) if i} | {"logits": network(image).logits}


def backbone_taps(network, image):
    return dict(zip(network.out_features, network(image).feature_maps))


def case(name, kind, config, shape, taps, **options):
    zoo.case(name, kind(config), shape, taps, config=config, **options)


second = dict(embed_dim=8, depths=[1, 2, 2, 2], num_heads=[1, 2, 2, 4], window_size=6, image_size=64, num_labels=5, drop_path_rate=0.0)
stages = ["stage1", "stage2", "stage3", "stage4"]
case("classifier", Swinv2ForImageClassification, Swinv2Config(**second), (2, 3, 64, 64), model_taps,
     gradients=["swinv2.encoder.layers.1.blocks.1.attention.self.logit_scale", "swinv2.encoder.layers.2.blocks.0.attention.self.query.bias",
                "swinv2.encoder.layers.0.blocks.0.attention.self.continuous_position_bias_mlp.0.weight"])
# Another size than the one that windows were made for, and other windows than those that were trained with.
case("backbone", Swinv2Backbone, Swinv2Config(**dict(second, qkv_bias=False, pretrained_window_sizes=[4, 4, 3, 2]), out_features=stages),
     (1, 3, 91, 118), backbone_taps)


def timm_taps(network, image):
    x, maps = network.forward_intermediates(image)
    return {f"stage{i + 1}": value for i, value in enumerate(maps)} | {"logits": network.forward_head(x)}


def torchvision_taps(network, image):
    taps, x = {}, image
    for index, layer in enumerate(network.features):
        x = layer(x)
        if index % 2:
            taps[f"stage{index // 2 + 1}"] = x.permute(0, 3, 1, 2)
    return taps | {"logits": network(image)}


sizes = dict(embed_dim=8, depths=(1, 2, 2, 2), num_heads=(1, 2, 2, 4), num_classes=5)
vision = dict(patch_size=[4, 4], window_size=[4, 4], stochastic_depth_prob=0.0, **sizes)
zoo.case("timm", SwinTransformerV2(img_size=(160, 128), window_size=4, **sizes), (2, 3, 160, 128), timm_taps)
zoo.case("timm-small", SwinTransformerV2(img_size=64, window_size=8, **sizes), (2, 3, 64, 64), timm_taps)


def restore_tables(network):
    """Its tables of distances are part of the state, which was filled."""
    for module in network.modules():
        if hasattr(module, "cpb_mlp"):
            module.define_relative_position_bias_table()


network = TorchvisionSwin(block=SwinTransformerBlockV2, downsample_layer=PatchMergingV2, **vision)
zoo.case("torchvision", network, (2, 3, 67, 178), torchvision_taps, prefill=restore_tables)
zoo.write()
