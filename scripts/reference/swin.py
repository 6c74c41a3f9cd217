"""Swin Transformer by transformers, timm and torchvision: tiny networks; maps that windows and patches do not divide.

Writes Tests/SegModelsTests/Fixtures/swin.safetensors.
"""
import timm
import torch
import torchvision
import transformers
from timm.models.swin_transformer import SwinTransformer
from torchvision.models import SwinTransformer as TorchvisionSwin
from transformers import SwinBackbone, SwinConfig, SwinForImageClassification, SwinModel
from zoo import Zoo, saved_names

torch.use_deterministic_algorithms(False)  # the gradient of looking up positions
zoo = Zoo("swin", transformers=transformers.__version__, timm=timm.__version__, torchvision=torchvision.__version__)


def model_taps(network, image):
    model = getattr(network, "swin", network)
    sides = [-(-side // model.config.patch_size) * model.config.patch_size for side in image.shape[2:]]
    whole = sides == [model.config.image_size] * 2
    embedded, size = model.embeddings(image, interpolate_pos_encoding=model.config.use_absolute_embeddings and not whole)
    out = model.encoder(embedded, size, output_hidden_states=True, output_hidden_states_before_downsampling=True)
    taps = {f"stage{i}": value for i, value in enumerate(out.reshaped_hidden_states) if i}
    if hasattr(network, "classifier"):
        taps["logits"] = network(image).logits
    return taps


def backbone_taps(network, image):
    return {name: value for name, value in zip(network.out_features, network(image).feature_maps) if name != "stem"}


def case(name, kind, config, shape, taps=model_taps, **options):
    network = kind(config)
    zoo.case(name, network, shape, taps, config=config, rename=saved_names(network) if name != "names-in-memory" else None, **options)


tiny = dict(embed_dim=8, depths=[1, 2, 2, 2], num_heads=[1, 2, 2, 4], window_size=4, image_size=128, num_labels=5, drop_path_rate=0.0)
stages = ["stage1", "stage2", "stage3", "stage4"]
case("classifier", SwinForImageClassification, SwinConfig(**tiny), (2, 3, 128, 128),
     gradients=["swin.embeddings.patch_embeddings.projection.weight", "swin.encoder.layers.3.blocks.1.attention.q_proj.weight",
                "swin.encoder.layers.1.blocks.1.attention.relative_position_bias.relative_position_bias_table",
                "swin.encoder.layers.2.downsample.reduction.weight"])
case("names-in-memory", SwinForImageClassification, SwinConfig(**tiny), (1, 3, 128, 128))
# 35×44 patches: odd maps, windows that need padding.
case("padded", SwinModel, SwinConfig(**tiny), (2, 3, 139, 175))
case("train", SwinModel, SwinConfig(**tiny), (2, 3, 128, 160), training=True)
options = dict(tiny, qkv_bias=False, use_absolute_embeddings=True, mlp_ratio=2.5, window_size=3, hidden_act="relu", layer_norm_eps=1e-2,
               patch_size=2, image_size=64, depths=[2, 1, 3, 1])
case("options", SwinModel, SwinConfig(**options), (1, 3, 64, 64))
case("backbone", SwinBackbone, SwinConfig(**tiny, out_features=stages), (2, 3, 96, 128), backbone_taps,
     gradients=["swin.encoder.layers.3.blocks.1.attention.v_proj.bias"])
# Maps smaller than a window are shifted too.
case("backbone-small", SwinBackbone, SwinConfig(**dict(tiny, window_size=7), out_features=["stem", "stage2", "stage4"]), (1, 3, 90, 70),
     backbone_taps)


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
zoo.case("timm", SwinTransformer(img_size=(140, 172), window_size=4, **sizes), (2, 3, 140, 172), timm_taps)
# Windows as small as the maps of the last stages.
zoo.case("timm-small", SwinTransformer(img_size=64, window_size=7, **sizes), (2, 3, 64, 64), timm_taps)
zoo.case("timm-flat", SwinTransformer(img_size=(128, 192), window_size=7, **sizes), (1, 3, 128, 192), timm_taps)
vision = dict(patch_size=[4, 4], window_size=[4, 4], stochastic_depth_prob=0.0, **sizes)
zoo.case("torchvision", TorchvisionSwin(**vision), (2, 3, 67, 178), torchvision_taps, training=True)
zoo.write()
