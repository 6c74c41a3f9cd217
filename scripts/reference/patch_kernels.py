#!/usr/bin/env python3
"""Patch kernels of vision transformers at other sizes, by timm -> Tests/SegModelsTests/Fixtures/patch_kernels.safetensors

`<old>.<new>`: the kernel formula("kernel", [2, 3, old, old]) resized to new × new.
"""
import timm
from fixture import formula, write
from timm.layers import resample_patch_embed

PAIRS = [(14, 16), (16, 14), (16, 8), (6, 16)]
kernels = {f"{old}.{new}": resample_patch_embed(formula("kernel", [2, 3, old, old]).float(), [new, new]) for old, new in PAIRS}
write("SegModelsTests", "patch_kernels", kernels, timm=timm.__version__)
