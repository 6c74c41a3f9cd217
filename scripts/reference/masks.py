"""Writes Tests/VisionTests/Fixtures/masks.json: what pycocotools and SciPy make of polygons and masks.

Needs pycocotools (2.0.11), numpy and scipy. Run from the repository's root:
    python scripts/reference/masks.py
"""

import importlib.metadata
import json
import pathlib

import numpy as np
from pycocotools import mask as coco
from scipy import ndimage

SEED = 11
random = np.random.default_rng(SEED)


def runs(rle) -> list[int]:
    """The counts of a compressed mask, from its pixels."""
    flat = coco.decode(rle).flatten(order="F")
    changes = np.flatnonzero(np.diff(np.concatenate([[0], flat]))).tolist()
    edges = [0, *changes, flat.size]
    return [b - a for a, b in zip(edges, edges[1:])]


def polygon(width: int, height: int) -> list[float]:
    corners = int(random.integers(3, 12))
    kind = random.integers(5)
    x = random.uniform(0, width, corners)
    y = random.uniform(0, height, corners)
    if kind == 0:  # beyond the image
        x, y = x * 2 - width / 2, y * 2 - height / 2
    elif kind == 1:  # corners on whole pixels
        x, y = x.round(), y.round()
    elif kind == 2:  # around a centre, as objects are
        angle = np.sort(random.uniform(0, 2 * np.pi, corners))
        x, y = width / 2 + np.cos(angle) * x / 2, height / 2 + np.sin(angle) * y / 2
    elif kind == 3:  # thin
        y = y * 0.05 + height / 3
    return [round(float(value), 2) for pair in zip(x, y) for value in pair]


cases = []
for _ in range(120):
    width, height = (int(value) for value in random.integers(1, 60, 2))
    parts = [polygon(width, height) for _ in range(random.integers(1, 4))]
    single = coco.frPyObjects(parts, height, width)
    rle = coco.merge(single)
    cases.append({"width": width, "height": height, "polygons": parts, "counts": runs(rle), "string": rle["counts"].decode()})

pairs = []
for _ in range(60):
    width, height = (int(value) for value in random.integers(1, 40, 2))
    masks = []
    for _ in range(2):
        noise = random.random((height, width))
        smooth = ndimage.gaussian_filter(noise, float(random.choice([0, 1, 2])))
        masks.append(np.asfortranarray(smooth > np.quantile(smooth, random.choice([0.02, 0.4, 0.7, 1]))).astype(np.uint8))
    a, b = (coco.encode(mask) for mask in masks)
    distance = int(random.integers(1, 5))
    eroded = ndimage.binary_erosion(np.pad(masks[0], distance), np.ones((2 * distance + 1,) * 2))
    eroded = eroded[distance : distance + height, distance : distance + width]
    left, top = int(random.integers(-3, width)), int(random.integers(-3, height))
    right, bottom = left + int(random.integers(1, 30)), top + int(random.integers(1, 30))
    window = np.pad(masks[0], 50)[top + 50 : bottom + 50, left + 50 : right + 50]
    encode = lambda mask: runs(coco.encode(np.asfortranarray(mask).astype(np.uint8)))
    pairs.append(
        {
            "width": width,
            "height": height,
            "a": runs(a),
            "b": runs(b),
            "union": runs(coco.merge([a, b])),
            "intersection": runs(coco.merge([a, b], intersect=True)),
            "iou": float(coco.iou([a], [b], [0])[0, 0]),
            "crowd": float(coco.iou([a], [b], [1])[0, 0]),
            "area": int(coco.area(a)),
            "box": [float(value) for value in coco.toBbox(a)],
            "distance": distance,
            "eroded": encode(eroded),
            "flipped": encode(masks[0][:, ::-1]),
            "window": [left, top, right, bottom],
            "cropped": encode(window),
        }
    )

versions = {name: importlib.metadata.version(name) for name in ["pycocotools", "numpy", "scipy"]}
text = json.dumps({"seed": SEED, "versions": versions, "polygons": cases, "pairs": pairs}, separators=(",", ":"))
pathlib.Path("Tests/VisionTests/Fixtures/masks.json").write_text(text + "\n")
