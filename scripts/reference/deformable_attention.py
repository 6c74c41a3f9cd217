#!/usr/bin/env python3
"""transformers' multi_scale_deformable_attention -> Tests/SegModelsTests/Fixtures/deformable_attention.safetensors

Its output and all gradients, as statistics and samples (`zoo.py`), on formula inputs: value B×N×H×D, offsets B×N×H×L×P×2 (times `spread`) and
weights B×N×H×L×P.
"""
import torch
import transformers
from fixture import backward, formula
from transformers.models.mask2former.modeling_mask2former import multi_scale_deformable_attention
from zoo import Zoo

zoo = Zoo("deformable_attention", transformers=transformers.__version__)


def deformable(name, batch, heads, width, maps, spread):
    """One query at every pixel of `maps`, as in the pixel decoder; offsets of up to `spread` pixels of each map."""
    count, levels, points = sum(h * w for h, w in maps), len(maps), 4
    value = formula("value", (batch, count, heads, width)).float().requires_grad_()
    offsets = (spread * formula("offsets", (batch, count, heads, levels, points, 2))).float().requires_grad_()
    weights = formula("weights", (batch, count, heads, levels, points)).float().requires_grad_()
    centres = []
    for h, w in maps:
        y, x = torch.meshgrid((torch.arange(h) + 0.5) / h, (torch.arange(w) + 0.5) / w, indexing="ij")
        centres.append(torch.stack([x, y], -1).reshape(-1, 2))
    sizes = torch.tensor([[w, h] for h, w in maps])
    places = torch.cat(centres)[None, :, None, None, None] + offsets / sizes[:, None]
    output = multi_scale_deformable_attention(value, maps, places, weights)
    backward([output])
    for key, tensor in {"output": output, "grad.value": value.grad, "grad.offsets": offsets.grad, "grad.weights": weights.grad}.items():
        zoo.summary(f"{name}.{key}", tensor)
    zoo.cases[f"{name}"] = {"shape": [batch, heads, width], "maps": maps, "spread": spread}


deformable("near", 2, 2, 8, [(3, 4), (5, 6), (9, 12)], 2.5)
deformable("far", 1, 3, 4, [(2, 2), (4, 3), (8, 5)], 9.0)

zoo.write()
