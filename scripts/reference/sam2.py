#!/usr/bin/env python3
"""transformers' SAM 2 -> Tests/SegModelsTests/Fixtures/sam2.safetensors

Tiny random networks, as `zoo.py` describes, with boxes and points as prompts; `multimask_output` is off. The prompts are tensors of the fixture:
`<case>.boxes` 1×K×4, `<case>.points` 1×K×P×2, `<case>.labels` 1×K×P.
"""
import torch
import transformers
from transformers import Sam2Config, Sam2HieraDetConfig, Sam2MaskDecoderConfig, Sam2Model, Sam2PromptEncoderConfig, Sam2VisionConfig

from zoo import Zoo, saved_names

zoo = Zoo("sam2", transformers=transformers.__version__)
SIDE = 128


def config(**decoder):
    trunk = Sam2HieraDetConfig(
        hidden_size=8, embed_dim_per_stage=[8, 16, 32, 64], blocks_per_stage=[1, 1, 2, 1], num_attention_heads_per_stage=[1, 2, 2, 4],
        num_attention_heads=1, window_size_per_stage=[4, 2, 4, 2], global_attention_blocks=[3], image_size=[SIDE, SIDE])
    sizes = [[SIDE // stride] * 2 for stride in (4, 8, 16)]
    vision = Sam2VisionConfig(backbone_config=trunk, backbone_channel_list=[64, 32, 16, 8], backbone_feature_sizes=sizes, fpn_hidden_size=32)
    prompts = Sam2PromptEncoderConfig(hidden_size=32, image_size=SIDE)
    masks = Sam2MaskDecoderConfig(**{**dict(hidden_size=32, mlp_dim=24, num_attention_heads=2, iou_head_hidden_dim=16), **decoder})
    return Sam2Config(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=masks)


def case(name, settings, boxes=0, points=0):
    torch.manual_seed(11)
    prompts = {}
    if boxes:
        corners = torch.rand(1, boxes, 2, 2) * SIDE
        prompts["boxes"] = torch.cat([corners.amin(2), corners.amax(2)], -1)
    if points:
        count = boxes or 4
        prompts["points"] = torch.rand(1, count, points, 2) * SIDE
        prompts["labels"] = torch.randint(0, 2, (1, count, points))
    zoo.tensors.update({f"{name}.{key}": value for key, value in prompts.items()})
    network = Sam2Model(settings)

    def taps(network, image):
        out = network(pixel_values=image, multimask_output=False, **{f"input_{key}": value for key, value in prompts.items()})
        return {"pred_masks": out.pred_masks[0, :, 0], "iou_scores": out.iou_scores[0, :, 0], "object_score_logits": out.object_score_logits[0, :, 0]}
    zoo.case(name, network, (1, 3, SIDE, SIDE), taps, config=settings, rename=saved_names(network))


def main():
    case("boxes", config(), boxes=19)
    case("stable", config(dynamic_multimask_stability_thresh=0.0), boxes=3)
    case("single", config(dynamic_multimask_via_stability=False, num_multimask_outputs=2, attention_downsample_rate=1, iou_head_depth=2), boxes=2)
    case("points", config(), points=3)
    case("both", config(), boxes=3, points=2)
    zoo.write()


if __name__ == "__main__":
    main()
