"""SegFormer's encoder by transformers: tiny networks, square and not.

Writes Tests/SegModelsTests/Fixtures/mit.safetensors.
"""
import transformers
from transformers import SegformerConfig, SegformerForImageClassification, SegformerModel
from zoo import Zoo, saved_names

zoo = Zoo("mit", transformers=transformers.__version__)


def taps(network, image):
    out = network(image, output_hidden_states=True)
    size = [image.shape[2], image.shape[3]]
    named = {}
    for index, value in enumerate(out.hidden_states):
        config = network.config
        size = [(side + 2 * (config.patch_sizes[index] // 2) - config.patch_sizes[index]) // config.strides[index] + 1 for side in size]
        # The last may be a sequence.
        named[f"stage{index + 1}"] = value if value.dim() == 4 else value.transpose(1, 2).reshape(len(value), -1, *size)
    return named | ({"logits": out.logits} if hasattr(out, "logits") else {})


def case(name, kind, config, shape, **options):
    network = kind(config)
    zoo.case(name, network, shape, taps, config=config, rename=saved_names(network) if name != "names-in-memory" else None, **options)


tiny = dict(depths=[1, 2, 1, 2], hidden_sizes=[8, 12, 16, 24], num_attention_heads=[1, 2, 4, 3], num_labels=5, drop_path_rate=0.0)
case("classifier", SegformerForImageClassification, SegformerConfig(**tiny), (2, 3, 64, 64),
     gradients=["segformer.stages.0.patch_embeddings.proj.weight", "segformer.stages.1.blocks.1.attention.q_proj.weight",
                "segformer.stages.1.blocks.0.attention.k_proj.weight", "segformer.stages.3.blocks.0.mlp.dwconv.dwconv.weight",
                "segformer.stages.2.blocks.0.attention.sequence_reduction.sequence_reduction.weight"])
case("names-in-memory", SegformerForImageClassification, SegformerConfig(**tiny), (1, 3, 64, 64))
case("odd", SegformerModel, SegformerConfig(**tiny), (1, 3, 101, 139))
case("train", SegformerModel, SegformerConfig(**tiny), (2, 3, 64, 96), training=True)
options = dict(tiny, sr_ratios=[4, 1, 2, 1], patch_sizes=[5, 3, 5, 3], strides=[2, 2, 2, 2], mlp_ratios=[2, 3, 4, 1], hidden_act="relu",
               reshape_last_stage=False, layer_norm_eps=1e-2)
case("options", SegformerForImageClassification, SegformerConfig(**options), (2, 3, 48, 70))
zoo.write()
