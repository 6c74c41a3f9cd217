#!/usr/bin/env python3
"""One pass of transformers' Mask2FormerLoss, forward and backward, over all layers of the decoder; prints one line of JSON.

    criterion.py [--shape 2,100,10,128] [--targets 20,512] [--threads 1]

Images, queries, layers and the side of the predicted masks; true masks an image and their side. The third pass is timed. `peak` is the
most memory that is resident less what was before the true masks were made, `truth` what they take. Linux only.
"""
import argparse
import json
import time

import torch
from transformers import Mask2FormerConfig
from transformers.models.mask2former.modeling_mask2former import Mask2FormerLoss


def status(key):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(key))


def discs(images, count, side):
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    found = []
    for image in range(images):
        masks = torch.empty(count, side, side)
        for mask in range(count):
            number = image * count + mask
            cx, cy, radius = number * 97 % side, number * 61 % side, side // 25 + number * 29 % (side // 4)
            masks[mask] = (x - cx) ** 2 + (y - cy) ** 2 <= radius**2
        found.append(masks)
    return found


parser = argparse.ArgumentParser()
parser.add_argument("--shape", default="2,100,10,128")
parser.add_argument("--targets", default="20,512")
parser.add_argument("--threads", type=int, default=1)
options = parser.parse_args()
torch.set_num_threads(options.threads)
torch.manual_seed(0)
images, queries, layers, side = (int(number) for number in options.shape.split(","))
count, size = (int(number) for number in options.targets.split(","))
config = Mask2FormerConfig(num_labels=19)
weights = {"loss_cross_entropy": config.class_weight, "loss_mask": config.mask_weight, "loss_dice": config.dice_weight}
criterion = Mask2FormerLoss(config, weights)
masks = [(torch.randn(images, queries, side, side) * 3).requires_grad_() for _ in range(layers)]
classes = [torch.randn(images, queries, 20).requires_grad_() for _ in range(layers)]
before = status("VmRSS")
truth = discs(images, count, size)
labels = [torch.tensor([(image + mask) % 19 for mask in range(count)]) for image in range(images)]
of_truth = status("VmRSS") - before
auxiliary = [{"masks_queries_logits": m, "class_queries_logits": c} for m, c in zip(masks[:-1], classes[:-1])]
for _ in range(3):
    for tensor in masks + classes:
        tensor.grad = None
    start, processor = time.perf_counter(), time.process_time()
    found = criterion(masks[-1], classes[-1], truth, labels, auxiliary)
    loss = sum(weight * value for name, weight in weights.items() for key, value in found.items() if key.startswith(name))
    loss.backward()
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
print(json.dumps({"seconds": seconds, "processor": processor, "peak": status("VmHWM") - before, "truth": of_truth, "loss": loss.item()}))
