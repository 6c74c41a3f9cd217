#!/usr/bin/env python3
"""One training step of ESPNetv2 -> Tests/SegModelsTests/Fixtures/espnetv2.safetensors

ESPNetv2 s 0.5 (Benchmarks/python/espnetv2.py, which loads the published weights), filled by formula as in `models.py`, on
2 * formula("image"), all in float64, so that only the formulas count and not the order of sums. Summaries are those of
`models.py` with 8 samples: the logits, the gradients (`grad.<parameter>`) of
sum(logits * cos(row-major index)) and the batch-norm statistics afterwards (`after.<buffer>`).
"""
import sys

import torch
from fixture import ROOT, backward, fill, formula, write

sys.path.insert(0, str(ROOT / "Benchmarks" / "python"))
from espnetv2 import ESPNetv2  # noqa: E402

SHAPE, SAMPLES = (2, 3, 96, 160), 8
tensors = {}


def summary(name, value):
    flat = value.detach().flatten()
    tensors[f"step.{name}.shape"] = torch.tensor(value.shape)
    tensors[f"step.{name}.moments"] = torch.stack([flat.mean(), flat.std(correction=0), flat.abs().mean()])
    tensors[f"step.{name}.samples"] = flat[torch.arange(SAMPLES) * flat.numel() // SAMPLES]


torch.set_grad_enabled(False)
network = fill(ESPNetv2(0.5, classes=20).double()).train()
torch.set_grad_enabled(True)
logits = network(2 * formula("image", SHAPE))
summary("logits", logits)
backward([logits])
for key, value in network.named_parameters():
    if value.grad is not None:
        summary(f"grad.{key}", value.grad)
for key, value in network.named_buffers():
    if value.is_floating_point():
        summary(f"after.{key}", value)
write("SegModelsTests", "espnetv2", tensors, cases={"step": {"input": list(SHAPE), "training": True}})
