"""Milliseconds an image of mmsegmentation's IoUMetric.intersect_and_union on label maps in memory.

    python metrics.py FOLDER [--images 10]

FOLDER holds pred/*.png and truth/*.png with 11 classes. The maps are int64 tensors, as a network's argmax and mmsegmentation's labels
are; PyTorch runs with its own number of threads. Prints one JSON object.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch
from mmseg.evaluation.metrics import IoUMetric
from PIL import Image


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--images", type=int, default=10)
    options = parser.parse_args()
    names = sorted(path.name for path in (options.folder / "truth").glob("*.png"))[: options.images]
    maps = [
        [torch.from_numpy(np.array(Image.open(options.folder / part / name))).long() for part in ("pred", "truth")] for name in names
    ]
    for prediction, truth in maps[:2]:
        IoUMetric.intersect_and_union(prediction, truth, 11, 255)
    start = time.perf_counter()
    for prediction, truth in maps:
        IoUMetric.intersect_and_union(prediction, truth, 11, 255)
    print(json.dumps({"milliseconds": 1000 * (time.perf_counter() - start) / len(maps)}))


main()
