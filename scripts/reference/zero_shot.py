#!/usr/bin/env python3
"""transformers' Grounding DINO and SAM 2, one after the other, as SSKD's teacher -> Tests/ZeroShotTests/Fixtures/zero_shot.safetensors

Two tiny random networks, filled by formula from the names in their files (`detector`, `segmenter`: config.json and shapes), an image of random
smooth colours (`image`, H×W×3) and the objects that come out: `objects.phrase`, `objects.score`, `objects.masks` (N×H×W truth values).
Images are resized by Pillow and go through transformers' own processors for boxes and masks. Masks are painted in the order of the scores: a
pixel that is taken stays taken, and empty masks are left out.
"""
import json
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image
from transformers import GroundingDinoConfig, GroundingDinoForObjectDetection, Sam2ImageProcessor, Sam2Model
from transformers.image_transforms import center_to_corners_format

from fixture import fill, formula, write
from grounding import config as detector_config
from sam2 import SIDE, config as segmenter_config
from tokenizer import vocabulary
from zoo import saved_names

CLASSES = "car . traffic light . dog ."
HEIGHT, WIDTH = 75, 110
THRESHOLD = 0.022
SIZE = {"shortest_edge": 64, "longest_edge": 96}
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


def filled(network):
    names = saved_names(network)
    fill(network, lambda key: names.get(key, key)).eval()
    shapes = {names[key]: list(value.shape) for key, value in network.state_dict().items() if value.is_floating_point() and key in names}
    text = json.dumps({**network.config.to_dict(), "architectures": [type(network).__name__]}, default=str, sort_keys=True)
    return network, {"config": text, "shapes": shapes}


def pixels(image, height, width):
    resized = torch.from_numpy(np.asarray(image.resize((width, height), Image.BILINEAR)).copy()).permute(2, 0, 1)
    return ((resized / 255 - MEAN) / STD)[None]


def prompt():
    pieces = {piece: number for number, piece in enumerate(vocabulary())}
    ids, ranges = [pieces["[CLS]"]], []
    for phrase in CLASSES.split("."):
        words = [pieces[word] for word in phrase.split()]
        if words:
            ranges.append((len(ids), len(ids) + len(words)))
            ids += [*words, pieces["."]]
    return [*ids, pieces["[SEP]"]], ranges


def main():
    detector, detector_files = filled(GroundingDinoForObjectDetection(detector_config(GroundingDinoConfig, num_queries=12)))
    segmenter, segmenter_files = filled(Sam2Model(segmenter_config(mlp_dim=40, attention_downsample_rate=1)))
    coarse = ((formula("image", (5, 7, 3)).numpy() + 1) * 127.5).round().astype(np.uint8)
    image = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.BICUBIC)
    ids, ranges = prompt()
    height, width = transformers.image_transforms.get_size_with_aspect_ratio((HEIGHT, WIDTH), SIZE["shortest_edge"], SIZE["longest_edge"])
    with torch.no_grad():
        out = detector(pixel_values=pixels(image, height, width), input_ids=torch.tensor([ids]))
    probabilities = out.logits[0, :, :len(ids)].sigmoid()
    # transformers' processor would count stops and [SEP] too, which name nothing.
    scores, phrases = torch.stack([probabilities[:, a:b].amax(-1) for a, b in ranges], -1).max(-1)
    boxes = center_to_corners_format(out.pred_boxes[0]).clamp(0, 1)
    order = [query for query in scores.argsort(descending=True).tolist() if scores[query] > THRESHOLD]
    with torch.no_grad():
        masks = segmenter(pixel_values=pixels(image, SIDE, SIDE), input_boxes=boxes[order][None] * SIDE, multimask_output=False).pred_masks
    masks = Sam2ImageProcessor().post_process_masks([masks[0]], [(HEIGHT, WIDTH)])[0][:, 0]
    free, objects = torch.ones(HEIGHT, WIDTH, dtype=torch.bool), []
    for query, mask in zip(order, masks):
        own = mask & free
        free &= ~own
        if own.any():
            objects.append((phrases[query], scores[query], own))
    print(len(order), "boxes,", len(objects), "objects of", [int(own.sum()) for _, _, own in objects], "pixels, phrases",
          [int(phrase) for phrase, _, _ in objects])
    tensors = {
        "image": torch.from_numpy(np.asarray(image).astype(np.float32)), "objects.phrase": torch.stack([phrase for phrase, _, _ in objects]),
        "objects.score": torch.stack([score for _, score, _ in objects]), "objects.masks": torch.stack([own for _, _, own in objects])}
    settings = {"classes": CLASSES, "threshold": THRESHOLD, "size": SIZE, "vocabulary": vocabulary()}
    write("ZeroShotTests", "zero_shot", tensors, detector=detector_files, segmenter=segmenter_files, settings=settings,
          transformers=transformers.__version__)


if __name__ == "__main__":
    main()
