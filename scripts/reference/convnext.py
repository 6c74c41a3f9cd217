"""ConvNeXt and ConvNeXt V2 by transformers, timm and torchvision: tiny networks, square and not.

Writes Tests/SegModelsTests/Fixtures/convnext.safetensors.
"""
import timm
import torchvision
import transformers
from timm.models.convnext import ConvNeXt
from torchvision.models.convnext import CNBlockConfig, ConvNeXt as TorchvisionConvNeXt
from transformers import (ConvNextBackbone, ConvNextConfig, ConvNextForImageClassification, ConvNextModel, ConvNextV2Backbone,
                          ConvNextV2Config, ConvNextV2ForImageClassification, ConvNextV2Model)
from zoo import Zoo, saved_names

zoo = Zoo("convnext", transformers=transformers.__version__, timm=timm.__version__, torchvision=torchvision.__version__)


def model_taps(network, image):
    out = network(image, output_hidden_states=True)
    taps = {f"stage{i}": value for i, value in enumerate(out.hidden_states) if i}
    return taps | ({"logits": out.logits} if hasattr(out, "logits") else {})


def backbone_taps(network, image):
    return {name: value for name, value in zip(network.out_features, network(image).feature_maps) if name != "stem"}


def case(name, kind, config, shape, taps=model_taps, **options):
    network = kind(config)
    zoo.case(name, network, shape, taps, config=config, rename=saved_names(network), **options)


tiny = dict(hidden_sizes=[8, 12, 16, 24], depths=[1, 2, 1, 2], num_labels=5)
stages = ["stage1", "stage2", "stage3", "stage4"]
case("classifier", ConvNextForImageClassification, ConvNextConfig(**tiny), (2, 3, 64, 64),
     gradients=["convnext.embeddings.patch_embeddings.weight", "convnext.encoder.stages.1.layers.1.dwconv.weight",
                "convnext.encoder.stages.3.layers.0.layer_scale_parameter", "convnext.encoder.stages.2.layers.0.pwconv2.bias"])
case("odd", ConvNextModel, ConvNextConfig(**tiny), (1, 3, 101, 139))
case("train", ConvNextModel, ConvNextConfig(**tiny), (2, 3, 64, 96), training=True)
options = dict(tiny, layer_scale_init_value=0.0, hidden_act="relu", layer_norm_eps=1e-2, patch_size=2, hidden_sizes=[8, 8, 12, 12])
case("options", ConvNextForImageClassification, ConvNextConfig(**options), (2, 3, 48, 70))
case("backbone", ConvNextBackbone, ConvNextConfig(**tiny, out_features=stages), (2, 3, 64, 96), backbone_taps)
case("backbone-some", ConvNextBackbone, ConvNextConfig(**tiny, out_features=["stem", "stage2", "stage4"]), (1, 3, 64, 64), backbone_taps)
case("v2", ConvNextV2ForImageClassification, ConvNextV2Config(**tiny), (2, 3, 64, 96),
     gradients=["convnextv2.encoder.stages.1.layers.1.grn.weight", "convnextv2.encoder.stages.3.layers.0.grn.bias"])
case("v2-odd", ConvNextV2Model, ConvNextV2Config(**tiny), (1, 3, 101, 139))
case("v2-backbone", ConvNextV2Backbone, ConvNextV2Config(**tiny, out_features=["stage1", "stage4"]), (2, 3, 64, 64), backbone_taps)


def timm_taps(network, image):
    x, maps = network.forward_intermediates(image)
    return {f"stage{i + 1}": value for i, value in enumerate(maps)} | {"logits": network.forward_head(x)}


def torchvision_taps(network, image):
    taps, x = {}, image
    for index, layer in enumerate(network.features):
        x = layer(x)
        if index % 2:
            taps[f"stage{index // 2 + 1}"] = x
    return taps | {"logits": network(image)}


sizes = dict(depths=(1, 2, 1, 1), dims=(8, 12, 16, 24), num_classes=5)
zoo.case("timm", ConvNeXt(**sizes), (2, 3, 64, 98), timm_taps)
zoo.case("timm-v2", ConvNeXt(use_grn=True, ls_init_value=None, conv_mlp=True, **sizes), (2, 3, 64, 64), timm_taps)
blocks = [CNBlockConfig(8, 12, 1), CNBlockConfig(12, 16, 2), CNBlockConfig(16, 24, 1), CNBlockConfig(24, None, 1)]
zoo.case("torchvision", TorchvisionConvNeXt(blocks, num_classes=5), (2, 3, 67, 98), torchvision_taps, training=True)
zoo.write()
