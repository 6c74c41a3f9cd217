#!/usr/bin/env python3
"""transformers' DPT -> Tests/SegModelsTests/Fixtures/heads_dpt.safetensors

Tiny random configurations, as `zoo.py` describes. `features` is what enters the classifier; `block.<i>` are the transformer's tokens.
Cases ending in `.train` are in train mode with every dropout at 0, with gradients. transformers takes square images only. Cases that
begin with `head.` are neck and head alone, on tokens block<i> = formula("block<i>", 2×(1 + 12)×24) of a grid of 3×4 patches.
"""
import transformers
from transformers import DPTConfig, DPTForSemanticSegmentation
from fixture import formula
from zoo import Zoo

zoo = Zoo("heads_dpt", transformers=transformers.__version__)


def dpt(network, image):
    seen = []
    handle = network.head.head[4].register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[0]))
    output = network(image, output_hidden_states=True)
    handle.remove()
    blocks = {f"block.{i}": value for i, value in enumerate(output.hidden_states[1:])}
    return {**blocks, "features": seen[0], "logits": output.logits}


def neck_and_head(network, image):
    tokens = [formula(f"block{i}", (2, 13, 24)).float() + 0 * image.mean() for i in range(len(network.config.neck_hidden_sizes))]
    seen = []
    handle = network.head.head[4].register_forward_pre_hook(lambda _m, inputs: seen.append(inputs[0]))
    logits = network.head(network.neck(tokens, 3, 4))
    handle.remove()
    return {"features": seen[0], "logits": logits}


def case(name, config, shape, **more):
    zoo.case(name, DPTForSemanticSegmentation(config), shape, dpt, config=config, **more)


vit = dict(hidden_size=24, num_hidden_layers=5, num_attention_heads=2, intermediate_size=40, image_size=64, patch_size=16,
           backbone_out_indices=[0, 1, 2, 4], neck_hidden_sizes=[8, 10, 12, 14], fusion_hidden_size=16, num_labels=5,
           semantic_classifier_dropout=0.0)
square = (2, 3, 64, 64)
for readout in ("project", "add"):
    case(f"dpt.{readout}", DPTConfig(**vit, readout_type=readout), square)
case("dpt.norm", DPTConfig(
    **{**vit, "patch_size": 8, "qkv_bias": False, "hidden_act": "relu"}, use_batch_norm_in_fusion_residual=True, use_auxiliary_head=False), (1, 3, 48, 48))
case("dpt.three", DPTConfig(**{**vit, "backbone_out_indices": [1, 2, 4], "neck_hidden_sizes": [8, 12, 14]}, reassemble_factors=[2, 1, 0.5],
     use_batch_norm_in_fusion_residual=True, use_bias_in_fusion_residual=True), (1, 3, 96, 96))
case("dpt.train", DPTConfig(**vit), square, training=True, gradients=[
    "neck.reassemble_stage.readout_projects.0.0.weight", "neck.reassemble_stage.layers.0.resize.weight",
    "neck.fusion_stage.layers.2.projection.weight"])


def head(name, gradients=(), **options):
    """Without the transformer's own tensors."""
    network = DPTForSemanticSegmentation(DPTConfig(**{**vit, **options}))
    skip = [key for key in network.state_dict() if key.startswith("dpt.")]
    zoo.case(f"head.{name}", network, (1, 3, 48, 64), neck_and_head, skip=skip, training=bool(gradients), gradients=gradients)


for readout in ("project", "add", "ignore"):
    head(readout, readout_type=readout)
head("norm.train", ["neck.reassemble_stage.readout_projects.0.0.weight", "neck.reassemble_stage.layers.0.resize.weight",
                    "neck.fusion_stage.layers.2.projection.weight"], use_batch_norm_in_fusion_residual=True)
head("index", head_in_index=1, neck_hidden_sizes=[8, 12, 14], backbone_out_indices=[0, 1, 2], reassemble_factors=[2, 1, 0.25])
zoo.write()
