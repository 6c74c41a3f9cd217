#!/usr/bin/env python3
"""transformers' Grounding DINO and MM-Grounding-DINO -> Tests/SegModelsTests/Fixtures/grounding.safetensors

Tiny random networks, as `zoo.py` describes: `logits` are cut to the prompt's pieces (transformers fills them up to `max_text_len`), `pixels`
and `words` are what leaves the encoder. The metadata's `ids` hold each case's prompt.
`post.*` is transformers' post-processing of random scores, `mean.*` mmdetection's rule in plain PyTorch; `sizes` are image sizes (height,
width) and what the processor makes of them.
"""
import random
from pathlib import Path

import torch
import transformers
from transformers import (
    BertConfig, BertTokenizerFast, GroundingDinoConfig, GroundingDinoForObjectDetection, GroundingDinoImageProcessor, GroundingDinoProcessor,
    MMGroundingDinoConfig, MMGroundingDinoForObjectDetection, SwinConfig)
from transformers.image_transforms import get_size_with_aspect_ratio

from fixture import write
from tokenizer import vocabulary
from zoo import Zoo, saved_names

zoo = Zoo("grounding", transformers=transformers.__version__)
ids = {}

PROMPT = [101, 1040, 1050, 1012, 1033, 1012, 1060, 1061, 1062, 1029, 102]
# Two stops side by side, and words that none ends.
ODD_PROMPT = [101, 1040, 1012, 1012, 1051, 1052, 1029, 1070, 1071, 102]


def config(kind, swin=(), text=(), **more):
    backbone = SwinConfig(**{**dict(
        embed_dim=8, depths=[1, 1, 2, 1], num_heads=[1, 1, 2, 2], window_size=4, image_size=64, drop_path_rate=0.0, out_indices=[2, 3, 4]), **dict(swin)})
    bert = BertConfig(**{**dict(
        vocab_size=1148, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24, max_position_embeddings=20), **dict(text)})
    return kind(backbone_config=backbone, text_config=bert, **{**dict(
        d_model=32, encoder_layers=1, decoder_layers=2, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=32,
        decoder_ffn_dim=24, num_queries=7), **more})


def case(name, shape, settings, prompt=PROMPT):
    mm = isinstance(settings, MMGroundingDinoConfig)
    network = (MMGroundingDinoForObjectDetection if mm else GroundingDinoForObjectDetection)(settings)

    def taps(network, image):
        pieces = torch.tensor([prompt]).expand(image.shape[0], -1)
        out = network(pixel_values=image, input_ids=pieces)
        assert out.logits[..., len(prompt):].isneginf().all()
        return {"logits": out.logits[..., :len(prompt)], "pred_boxes": out.pred_boxes, "pixels": out.encoder_last_hidden_state_vision,
                "words": out.encoder_last_hidden_state_text}
    names = saved_names(network)
    # The copies of shared heads are not saved.
    skip = {key for key in network.state_dict() if key not in names}
    ids[name] = prompt
    zoo.case(name, network, shape, taps, config=settings, rename=names, skip=skip)


def post_processing():
    torch.manual_seed(3)
    pieces = {piece: number for number, piece in enumerate(vocabulary())}
    tokenizer = BertTokenizerFast(vocab=pieces)
    processor = GroundingDinoProcessor(GroundingDinoImageProcessor(), tokenizer)
    prompt = tokenizer("traffic light. cafe. bus.")["input_ids"]
    logits = torch.full((1, 150, 256), float("-inf"))
    logits[..., :len(prompt)] = 1.5 * torch.randn(1, 150, len(prompt)) - 1
    boxes = torch.rand(1, 150, 4)
    outputs = transformers.models.grounding_dino.modeling_grounding_dino.GroundingDinoObjectDetectionOutput(
        logits=logits, pred_boxes=boxes, input_ids=torch.tensor([prompt]))
    found = processor.post_process_grounded_object_detection(outputs, threshold=0.6, text_threshold=0.6, target_sizes=[(480, 640)])[0]
    order = found["scores"].argsort(descending=True)
    ranges = [[1, 3], [4, 5], [6, 7]]
    means = torch.stack([logits[0, :, a:b].sigmoid().mean(-1) for a, b in ranges], -1)
    best, place = means.flatten().topk(100)
    zoo.tensors.update({
        "post.logits": logits[..., :len(prompt)].clone(), "post.boxes": boxes, "post.scores": found["scores"][order], "post.corners": found["boxes"][order],
        "mean.scores": best[best > 0.6], "mean.phrases": place[best > 0.6] % 3, "mean.queries": place[best > 0.6] // 3})
    print("post-processing keeps", len(order), "and by means", int((best > 0.6).sum()))
    return {"ids": prompt, "ranges": ranges, "labels": [found["text_labels"][i] for i in order]}


def sizes():
    random.seed(5)
    shapes = [(480, 640), (640, 480), (800, 800), (800, 1200), (1024, 2048), (2048, 1024), (33, 50), (50, 33), (1, 400), (1080, 1920), (375, 1242)]
    shapes += [(random.randint(20, 3000), random.randint(20, 3000)) for _ in range(60)]
    return [[*shape, *get_size_with_aspect_ratio(shape, 800, 1333)] for shape in shapes]


def main():
    case("grounding", (2, 3, 64, 96), config(GroundingDinoConfig, encoder_layers=2, decoder_layers=3))
    case("apart", (1, 3, 139, 165), config(
        GroundingDinoConfig, decoder_bbox_embed_share=False, num_feature_levels=5, encoder_n_points=2,
        decoder_n_points=3, activation_function="gelu", positional_embedding_temperature=10000), ODD_PROMPT)
    case("mm", (1, 3, 96, 64), config(MMGroundingDinoConfig, swin={"out_indices": [1, 2, 3, 4]}, decoder_layers=3))
    case("mm.apart", (1, 3, 64, 64), config(
        MMGroundingDinoConfig, decoder_bbox_embed_share=False, decoder_cls_embed_share=False, num_feature_levels=3), ODD_PROMPT)
    settings = {"ids": ids, "post": post_processing(), "sizes": sizes()}
    write("SegModelsTests", zoo.name, zoo.tensors, cases=zoo.cases, **zoo.versions, **settings)


if __name__ == "__main__":
    main()
