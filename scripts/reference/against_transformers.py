#!/usr/bin/env python3
"""Tiny random networks of transformers against `segdistill parity model`, and back through `segdistill export`.

    against_transformers.py SEGDISTILL [FAMILY …] [--seed N] [--tries N]

For each family: random sizes, options and image sizes; the folder that `save_pretrained` writes is opened by segdistill, and every tap is compared;
then segdistill writes the folder anew, transformers loads it (no missing or unexpected tensor), and its outputs are compared with the first.
Detectors that read text and SAM 2's masks get random prompts too; segdistill does not write those folders.
Needs no fixture and writes none: it is run by hand, or by whoever wants to know.
"""
import argparse
import random
import tempfile
from pathlib import Path

import torch
import transformers
from against import parity, randomize, run, worst

transformers.logging.set_verbosity_error()
pick = random.choice


def tokens(model, image, prefix=1, final=lambda model, last: last, **kwargs):
    """Every block's own output, taken by hooks: what `hidden_states` ends with differs between families."""
    blocks = next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == model.config.num_hidden_layers)
    found = {}

    def keep(index):
        def hook(_module, _inputs, output):
            found[f"block.{index}"] = output[0] if isinstance(output, tuple) else output
        return hook
    hooks = [block.register_forward_hook(keep(index)) for index, block in enumerate(blocks)]
    last = final(model, model(image, **kwargs).last_hidden_state)
    for hook in hooks:
        hook.remove()
    return {**found, "patches": last[:, prefix:], **({"cls": last[:, 0]} if prefix else {})}


def pyramid(maps):
    return {f"stage{i + 1}": m for i, m in enumerate(maps)}


def vit(config_class, model_class, **more):
    def make():
        patch, heads = pick([4, 8]), pick([2, 3])
        side = patch * pick([3, 4, 5])
        config = config_class(hidden_size=heads * pick([8, 16]), num_hidden_layers=pick([2, 3]), num_attention_heads=heads,
                              intermediate_size=pick([24, 48]), image_size=side, patch_size=patch, qkv_bias=pick([True, False]),
                              hidden_act=pick(["gelu", "relu", "gelu_new"] if "act" in more else ["gelu"]), layer_norm_eps=pick([1e-6, 1e-12]))
        kwargs = {} if config_class is transformers.DeiTConfig else {"interpolate_pos_encoding": True}
        prefix = 2 if config_class is transformers.DeiTConfig else 1
        size = (side, side) if config_class is transformers.DeiTConfig else (patch * pick([3, 4, 6]), patch * pick([3, 5]))
        return model_class(config), size, lambda m, x: tokens(m, x, prefix, **kwargs)
    return make


def dinov2(registers):
    def make():
        patch, heads = pick([4, 7, 14]), pick([2, 3])
        kind = ("Dinov2WithRegisters" if registers else "Dinov2")
        more = {"num_register_tokens": pick([1, 4])} if registers else {}
        config = getattr(transformers, kind + "Config")(
            hidden_size=heads * 8, num_hidden_layers=pick([2, 3]), num_attention_heads=heads, mlp_ratio=pick([2, 4]), image_size=patch * pick([3, 5]),
            patch_size=patch, use_swiglu_ffn=pick([True, False]), qkv_bias=pick([True, False]), **more)
        prefix = 1 + more.get("num_register_tokens", 0)
        return getattr(transformers, kind + "Model")(config), (patch * pick([3, 4, 6]), patch * pick([4, 5])), lambda m, x: tokens(m, x, prefix)
    return make


def dinov3():
    patch, heads = pick([4, 8]), pick([2, 3])
    config = transformers.DINOv3ViTConfig(
        hidden_size=heads * 16, num_hidden_layers=pick([2, 3]), num_attention_heads=heads, intermediate_size=48, image_size=patch * 4, patch_size=patch,
        num_register_tokens=pick([0, 4]), use_gated_mlp=pick([True, False]), key_bias=pick([True, False]), query_bias=True,
        hidden_act=pick(["gelu", "silu"]), mlp_bias=pick([True, False]))
    prefix = 1 + config.num_register_tokens
    return transformers.DINOv3ViTModel(config), (patch * pick([3, 4]), patch * pick([4, 5])), lambda m, x: tokens(m, x, prefix)


def clip():
    patch, heads = pick([4, 8]), pick([2, 3])
    config = transformers.CLIPVisionConfig(
        hidden_size=heads * 8, num_hidden_layers=2, num_attention_heads=heads, intermediate_size=40, image_size=patch * 4, patch_size=patch,
        hidden_act=pick(["gelu", "quick_gelu"]), projection_dim=16)

    def taps(m, x):  # it normalises only what it pools
        norm = getattr(m, "vision_model", m).post_layernorm
        return tokens(m, x, 1, lambda _m, last: norm(last), interpolate_pos_encoding=True)
    return transformers.CLIPVisionModel(config), (patch * pick([3, 4]), patch * pick([4, 5])), taps


def siglip():
    patch, heads = pick([4, 8]), pick([2, 3])
    config = transformers.SiglipVisionConfig(
        hidden_size=heads * 8, num_hidden_layers=2, num_attention_heads=heads, intermediate_size=40, image_size=patch * 4, patch_size=patch,
        hidden_act=pick(["gelu", "gelu_pytorch_tanh"]))
    return (transformers.SiglipVisionModel(config), (patch * pick([3, 4]), patch * pick([4, 5])),
            lambda m, x: tokens(m, x, 0, interpolate_pos_encoding=True))


def sam():
    heads, patch = 2, 8
    grid = pick([4, 6])
    config = transformers.SamVisionConfig(
        hidden_size=heads * 8, num_hidden_layers=3, num_attention_heads=heads, image_size=patch * grid, patch_size=patch, output_channels=12,
        window_size=pick([2, 3]), global_attn_indexes=[1], mlp_dim=40, use_rel_pos=pick([True, True, False]), use_abs_pos=True)

    def taps(m, x):
        out = m(x, output_hidden_states=True)
        found = {f"block.{i}": h.flatten(1, 2) for i, h in enumerate(out.hidden_states[1:])}
        return {**found, "patches": out.last_hidden_state.flatten(2).transpose(1, 2)}
    return transformers.SamVisionModel(config), (patch * grid, patch * grid), taps


def swin():
    config = transformers.SwinConfig(
        image_size=64, patch_size=4, embed_dim=12, depths=[2, pick([1, 2]), 2, 1], num_heads=[1, 2, 3, 4], window_size=pick([3, 4, 7]), mlp_ratio=2.0,
        qkv_bias=pick([True, False]), use_absolute_embeddings=False)
    size = (pick([64, 72, 96]), pick([64, 80]))
    return transformers.SwinBackbone(_features(config)), size, lambda m, x: pyramid(m(x).feature_maps)


def _features(config):
    config.out_features = ["stage1", "stage2", "stage3", "stage4"]
    return config


def convnext(version=""):
    def make():
        config = getattr(transformers, f"ConvNext{version}Config")(
            hidden_sizes=[8, 16, 24, 32], depths=[1, 2, pick([1, 3]), 1], layer_scale_init_value=pick([1e-6, 0.5]))
        size = (pick([64, 71, 96]), pick([64, 80]))
        return getattr(transformers, f"ConvNext{version}Backbone")(_features(config)), size, lambda m, x: pyramid(m(x).feature_maps)
    return make


def segformer(head):
    def make():
        config = transformers.SegformerConfig(
            num_labels=pick([5, 11]), hidden_sizes=[8, 16, 24, 32], depths=[1, 2, 1, 2], sr_ratios=[8, 4, 2, 1], num_attention_heads=[1, 2, 3, 4],
            mlp_ratios=[2, 2, 3, 2], decoder_hidden_size=pick([16, 40]))
        size = (pick([64, 72, 96]), pick([64, 80]))
        kind = transformers.SegformerForSemanticSegmentation if head else transformers.SegformerModel

        def taps(m, x):
            out = m(x, output_hidden_states=True)
            return {**pyramid(out.hidden_states), **({"logits": out.logits} if head else {})}
        return kind(config), size, taps
    return make


def hiera():
    config = transformers.HieraConfig(
        embed_dim=12, image_size=[64, 64], depths=[1, 2, 2, 1], num_heads=[1, 2, 2, 4], mlp_ratio=2.0, masked_unit_size=[8, 8])
    return (transformers.HieraModel(config), (64, 64),
            lambda m, x: pyramid(h.permute(0, 3, 1, 2) for h in _stages(m(x, output_hidden_states=True).reshaped_hidden_states)))


def _stages(hidden):
    return hidden[-4:] if len(hidden) >= 4 else hidden


def resnet():
    config = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[16, 32, 48, 64], depths=[1, 2, 2, 1], layer_type=pick(["basic", "bottleneck"]),
        downsample_in_first_stage=False, downsample_in_bottleneck=pick([True, False]))
    size = (pick([64, 75]), pick([64, 96]))
    return transformers.ResNetModel(config), size, lambda m, x: pyramid(m(x, output_hidden_states=True).hidden_states[1:])


def mobilenet_v2():
    config = transformers.MobileNetV2Config(depth_multiplier=pick([0.35, 0.5]), num_labels=6, tf_padding=pick([True, False]))
    return transformers.MobileNetV2ForImageClassification(config), (pick([64, 96]), 96), lambda m, x: {"logits": m(x).logits}


def mobilenet_v2_segmenter():
    config = transformers.MobileNetV2Config(depth_multiplier=pick([0.35, 0.5]), num_labels=6, output_stride=pick([8, 16, 32]),
                                            tf_padding=pick([True, False]))
    return transformers.MobileNetV2ForSemanticSegmentation(config), (pick([64, 96]), pick([75, 96])), lambda m, x: {"logits": m(x).logits}


def upernet():
    backbone = pick([
        lambda: transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 2, 1]),
        lambda: transformers.SwinConfig(image_size=64, embed_dim=12, depths=[1, 2, 1, 1], num_heads=[1, 2, 3, 4], window_size=4),
        lambda: transformers.ConvNextConfig(hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 2, 1])])()
    config = transformers.UperNetConfig(backbone_config=_features(backbone), hidden_size=24, num_labels=pick([4, 9]), use_auxiliary_head=pick([True, False]),
                                        auxiliary_in_channels=backbone.hidden_sizes[2] if hasattr(backbone, "hidden_sizes") else 48,
                                        auxiliary_channels=16)
    size = (pick([64, 96]), pick([64, 80]))
    return transformers.UperNetForSemanticSegmentation(config), size, lambda m, x: {"logits": m(x).logits}


def dpt():
    config = transformers.DPTConfig(
        hidden_size=24, num_hidden_layers=4, num_attention_heads=2, intermediate_size=40, image_size=64, patch_size=16, is_hybrid=False,
        backbone_out_indices=[0, 1, 2, 3], neck_hidden_sizes=[8, 12, 16, 20], fusion_hidden_size=16, num_labels=7, use_auxiliary_head=False,
        readout_type=pick(["project", "ignore", "add"]), qkv_bias=pick([True, False]))
    side = pick([64, 96])
    return transformers.DPTForSemanticSegmentation(config), (side, side), lambda m, x: {"logits": m(x).logits}


def dpt_dinov2():
    backbone = transformers.Dinov2Config(hidden_size=24, num_hidden_layers=4, num_attention_heads=2, image_size=64, patch_size=16,
                                         out_indices=[1, 2, 3, 4], reshape_hidden_states=False, apply_layernorm=pick([True, False]))
    config = transformers.DPTConfig(backbone_config=backbone, neck_hidden_sizes=[8, 12, 16, 20], fusion_hidden_size=16, num_labels=7,
                                    use_auxiliary_head=False, hidden_size=24)
    side = pick([64, 96])
    return transformers.DPTForSemanticSegmentation(config), (side, side), lambda m, x: {"logits": m(x).logits}


def mask2former():
    backbone = transformers.SwinConfig(image_size=64, embed_dim=12, depths=[1, 1, 1, 1], num_heads=[1, 2, 3, 4], window_size=4,
                                       out_features=["stage1", "stage2", "stage3", "stage4"])
    config = transformers.Mask2FormerConfig(
        backbone_config=backbone, feature_size=32, mask_feature_size=32, hidden_dim=32, encoder_feedforward_dim=32, dim_feedforward=32, encoder_layers=2,
        decoder_layers=pick([3, 4]), num_attention_heads=2, num_queries=pick([5, 8]), num_labels=pick([3, 6]))
    return (transformers.Mask2FormerForUniversalSegmentation(config), (pick([64, 96]), 64),
            lambda m, x: {"class.logits": (o := m(x)).class_queries_logits, "mask.logits": o.masks_queries_logits})


def grounding_dino(mm):
    """With a prompt of random phrases; scores are compared up to its end."""
    kind = "MMGroundingDino" if mm else "GroundingDino"
    stages = pick([[2, 3, 4], [1, 2, 3, 4]])
    heads = pick([2, 4])
    config = getattr(transformers, kind + "Config")(
        backbone_config=transformers.SwinConfig(
            embed_dim=8, depths=[1, 2, 2, 1], num_heads=[1, 1, 2, 4], window_size=pick([3, 4, 7]), image_size=64, out_indices=stages),
        text_config=transformers.BertConfig(vocab_size=1100, hidden_size=24, num_hidden_layers=pick([1, 3]), num_attention_heads=pick([2, 3]),
                                            intermediate_size=32),
        d_model=pick([32, 64]), encoder_layers=pick([1, 3]), decoder_layers=pick([1, 3]), encoder_attention_heads=heads, decoder_attention_heads=heads,
        encoder_ffn_dim=pick([32, 48]), decoder_ffn_dim=24, num_queries=pick([5, 20]), num_feature_levels=4, encoder_n_points=pick([2, 4]),
        decoder_n_points=pick([3, 4]), decoder_bbox_embed_share=pick([True, False]), activation_function=pick(["relu", "gelu"]),
        positional_embedding_temperature=pick([20, 10000]))
    ids = [101]
    for _ in range(random.randint(1, 4)):
        ids += [random.randint(103, 1000) for _ in range(random.randint(1, 3))] + [pick([1012, 1029])]
    ids = torch.tensor([ids + [102]])

    def taps(m, x):
        out = m(pixel_values=x, input_ids=ids.expand(len(x), -1))
        return {"logits": out.logits[..., :ids.shape[1]], "pred_boxes": out.pred_boxes, "pixels": out.encoder_last_hidden_state_vision,
                "words": out.encoder_last_hidden_state_text}
    return getattr(transformers, kind + "ForObjectDetection")(config), (pick([96, 131]), pick([96, 150])), taps, {"input_ids": ids}


def sam2_masks():
    """Masks of boxes, or of points."""
    side, width, heads = pick([128, 192]), 32, pick([1, 2])
    trunk = transformers.Sam2HieraDetConfig(
        hidden_size=8, embed_dim_per_stage=[8, 16, 32, 64], blocks_per_stage=[1, 1, 2, 1], num_attention_heads_per_stage=[1, 2, 2, 4],
        num_attention_heads=1, window_size_per_stage=[4, 2, 4, 2], global_attention_blocks=[3], image_size=[side, side])
    vision = transformers.Sam2VisionConfig(
        backbone_config=trunk, backbone_channel_list=[64, 32, 16, 8], backbone_feature_sizes=[[side // s] * 2 for s in (4, 8, 16)], fpn_hidden_size=width)
    masks = transformers.Sam2MaskDecoderConfig(
        hidden_size=width, mlp_dim=24, num_attention_heads=heads, iou_head_hidden_dim=16, iou_head_depth=pick([2, 3]),
        attention_downsample_rate=pick([1, 2]), num_multimask_outputs=pick([2, 3]), dynamic_multimask_via_stability=pick([True, False]))
    config = transformers.Sam2Config(
        vision_config=vision, prompt_encoder_config=transformers.Sam2PromptEncoderConfig(hidden_size=width, image_size=side), mask_decoder_config=masks)
    corners, count = torch.rand(1, random.randint(1, 20), 2, 2) * side, random.randint(1, 3)
    prompts = pick([
        {"boxes": torch.cat([corners.amin(2), corners.amax(2)], -1)},
        {"points": torch.rand(1, 4, count, 2) * side, "labels": torch.randint(0, 2, (1, 4, count))}])

    def taps(m, x):
        out = m(pixel_values=x, multimask_output=False, **{f"input_{key}": value for key, value in prompts.items()})
        return {"pred_masks": out.pred_masks[0, :, 0], "iou_scores": out.iou_scores[0, :, 0], "object_score_logits": out.object_score_logits[0, :, 0]}
    return transformers.Sam2Model(config), (side, side), taps, prompts


FAMILIES = {
    "vit": vit(transformers.ViTConfig, transformers.ViTModel), "deit": vit(transformers.DeiTConfig, transformers.DeiTModel),
    "dinov2": dinov2(False), "dinov2-registers": dinov2(True), "dinov3": dinov3, "clip": clip, "siglip": siglip, "sam": sam, "swin": swin,
    "convnext": convnext(), "convnextv2": convnext("V2"), "segformer": segformer(True), "mit": segformer(False), "hiera": hiera, "resnet": resnet,
    "mobilenetv2": mobilenet_v2, "mobilenetv2-segmenter": mobilenet_v2_segmenter, "upernet": upernet, "dpt": dpt, "dpt-dinov2": dpt_dinov2, "mask2former": mask2former,
    "grounding-dino": lambda: grounding_dino(False), "mm-grounding-dino": lambda: grounding_dino(True), "sam2-masks": sam2_masks,
}


def attempt(program, family):
    model, (height, width), taps, *prompts = FAMILIES[family]()
    randomize(model)
    # SAM 2 decodes the prompts of one image.
    image = torch.randn(1 if prompts else 2, 3, height, width)
    with torch.no_grad():
        expected = {name: value.contiguous() for name, value in taps(model, image).items()}
    with tempfile.TemporaryDirectory() as scratch:
        folder, again = Path(scratch, "theirs"), Path(scratch, "ours")
        model.save_pretrained(folder)
        error, name = worst(expected, parity(program, image, folder, **(prompts[0] if prompts else {})))
        if prompts:
            return error, name, None, []
        run(program, "export", folder, "--out", again)
        back, info = type(model).from_pretrained(again, output_loading_info=True)
        strange = [*info["missing_keys"], *info["unexpected_keys"], *info["mismatched_keys"]]
        with torch.no_grad():
            returned, _ = worst(expected, taps(back.eval(), image))
    return error, name, returned, strange


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("families", nargs="*")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tries", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    failures = 0
    for family in arguments.families or FAMILIES:
        for number in range(arguments.tries):
            random.seed(arguments.seed + number)
            torch.manual_seed(arguments.seed + number)
            try:
                error, tap, returned, strange = attempt(arguments.program, family)
                good = error < 1e-4 and (returned is None or returned < 1e-4)
                failures += not good
                print(f"{'ok  ' if good else 'BAD '} {family:18} worst tap {tap:14} {error:.1e}"
                      + ("" if returned is None else f"   exported and back {returned:.1e}") + (f"   keys: {strange[:3]}" if strange else ""), flush=True)
            except Exception as problem:  # every family is tried, whatever happens to one
                failures += 1
                print(f"FAIL {family:18} {type(problem).__name__}: {str(problem)[:300]}", flush=True)
    raise SystemExit(failures > 0)


main()
