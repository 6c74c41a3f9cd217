#!/usr/bin/env python3
"""transformers' post-processing of Mask2Former's outputs -> Tests/SegModelsTests/Fixtures/mask_outputs.safetensors

`masks` and `classes` are the outputs; a case holds the segments' numbers, classes and scores, and statistics and samples of the map.
"""
import torch
import transformers
from fixture import formula
from transformers.models.mask2former import image_processing_mask2former as post
from transformers.models.mask2former.modeling_mask2former import Mask2FormerForUniversalSegmentationOutput
from zoo import Zoo

zoo = Zoo("mask_outputs", transformers=transformers.__version__)


class Post(post.Mask2FormerImageProcessor):
    """Masks are resized to 32×32 first, to keep the case small."""


interpolate = torch.nn.functional.interpolate
post.torch.nn.functional.interpolate = lambda x, size, **kwargs: interpolate(x, size=(32, 32) if tuple(size) == (384, 384) else size, **kwargs)
zeros = torch.zeros
post.torch.zeros = lambda *shape, **kwargs: zeros((32, 32)) if shape == ((384, 384),) else zeros(*shape, **kwargs)


def bumps(queries, height, width):
    """Round blobs of several sizes at formula places: masks that overlap in part."""
    numbers = formula("blobs", (2, queries, 3)).float()
    y, x = torch.meshgrid(torch.linspace(-1, 1, height), torch.linspace(-1, 1, width), indexing="ij")
    cx, cy, r = numbers[..., 0, None, None], numbers[..., 1, None, None], 0.5 + 0.3 * numbers[..., 2, None, None]
    return 12 * (r - ((x - cx) ** 2 + (y - cy) ** 2).sqrt())


masks, classes = bumps(9, 12, 16), (8 * formula("classes", (2, 9, 5))).float()
output = Mask2FormerForUniversalSegmentationOutput(class_queries_logits=classes, masks_queries_logits=masks)
processor = Post()


def result(name, found):
    for image, value in enumerate(found):
        zoo.summary(f"{name}.{image}", value["segmentation"].float())
    zoo.cases[f"{name}"] = {"segments": [[[s["id"], s["label_id"], s["score"]] for s in value["segments_info"]] for value in found]}


zoo.tensors["masks"], zoo.tensors["classes"] = masks, classes
sizes = [(40, 24), (20, 48)]
result("instance", processor.post_process_instance_segmentation(output))
result("instance.sizes", processor.post_process_instance_segmentation(output, threshold=0.2, target_sizes=sizes))
result("panoptic", processor.post_process_panoptic_segmentation(output))
result("panoptic.sizes", processor.post_process_panoptic_segmentation(output, threshold=0.3, overlap_mask_area_threshold=0.5, target_sizes=sizes))
result("panoptic.fused", processor.post_process_panoptic_segmentation(output, threshold=0.1, overlap_mask_area_threshold=0.3, label_ids_to_fuse={0, 1, 2, 3}))
result("panoptic.none", processor.post_process_panoptic_segmentation(output, threshold=0.9999, target_sizes=sizes))
zoo.write()
