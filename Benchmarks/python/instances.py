#!/usr/bin/env python3
"""Scoring masks: `segdistill metrics instance` against pycocotools, taking turns, on random objects.

    PYTHON Benchmarks/python/instances.py SEGDISTILL [--images 500] [--rounds 5]

Both read the two JSON files, match at ten thresholds and four area ranges, and give COCO's twelve numbers, which must be equal. Ours is timed as a
whole process; pycocotools without starting Python and importing it. Needs numpy and pycocotools.
"""
import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import tempfile
import time

import numpy as np
from pycocotools import mask as masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

HEIGHT, WIDTH, CLASSES = 480, 640, 80
NAMES = ["AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge", "AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"]
ROWS, COLUMNS = np.mgrid[0:HEIGHT, 0:WIDTH]


def blob(center, radii, waves, rng):
    """An ellipse with a wavy edge, as runs."""
    y, x = (ROWS - center[0]) / radii[0], (COLUMNS - center[1]) / radii[1]
    edge = 1 + 0.2 * np.sin(waves * np.arctan2(y, x))
    runs = masks.encode(np.asfortranarray((y * y + x * x <= edge).astype(np.uint8)))
    return {"size": runs["size"], "counts": runs["counts"].decode()}


def files(folder, count, rng):
    images, annotations, results = [], [], []
    for image in range(1, count + 1):
        images.append({"id": image, "file_name": f"{image}.jpg", "height": HEIGHT, "width": WIDTH})
        for _ in range(rng.poisson(7)):
            center, radii = rng.uniform((0, 0), (HEIGHT, WIDTH)), np.exp(rng.uniform(1.5, 4.8, 2))
            category, waves = int(rng.integers(1, CLASSES + 1)), int(rng.integers(0, 9))
            runs = blob(center, radii, waves, rng)
            area, box = float(masks.area(runs)), [float(v) for v in masks.toBbox(runs)]
            annotations.append({"id": len(annotations) + 1, "image_id": image, "category_id": category, "segmentation": runs, "area": area,
                                "bbox": box, "iscrowd": int(rng.random() < 0.02)})
            for _ in range(rng.integers(0, 5)):
                moved = blob(center + rng.normal(0, 3, 2), radii * np.exp(rng.normal(0, 0.1, 2)), waves, rng)
                found = category if rng.random() < 0.8 else int(rng.integers(1, CLASSES + 1))
                results.append({"image_id": image, "category_id": found, "segmentation": moved, "score": float(rng.random())})
    categories = [{"id": k, "name": str(k)} for k in range(1, CLASSES + 1)]
    truth, prediction = os.path.join(folder, "truth.json"), os.path.join(folder, "results.json")
    with open(truth, "w") as file:
        json.dump({"images": images, "annotations": annotations, "categories": categories}, file)
    with open(prediction, "w") as file:
        json.dump(results, file)
    print(f"{count} images, {len(annotations)} objects, {len(results)} detections")
    return truth, prediction


def theirs(truth, prediction):
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(truth)
        evaluation = COCOeval(coco, coco.loadRes(prediction), "segm")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return time.perf_counter() - start, list(evaluation.stats)


def ours(program, truth, prediction):
    start = time.perf_counter()
    output = subprocess.run([program, "metrics", "instance", "--pred", prediction, "--truth", truth, "--json"], capture_output=True, check=True)
    seconds = time.perf_counter() - start
    scores = json.loads(output.stdout)
    return seconds, [scores.get(name, -1) for name in NAMES]


parser = argparse.ArgumentParser()
parser.add_argument("program")
parser.add_argument("--images", type=int, default=500)
parser.add_argument("--rounds", type=int, default=5)
options = parser.parse_args()
with tempfile.TemporaryDirectory() as folder:
    paths = files(folder, options.images, np.random.default_rng(0))
    times = {"pycocotools": [], "segdistill": []}
    for _ in range(options.rounds):
        seconds, expected = theirs(*paths)
        times["pycocotools"].append(seconds)
        seconds, found = ours(options.program, *paths)
        times["segdistill"].append(seconds)
        assert np.allclose(found, expected, rtol=0, atol=1e-12), (found, expected)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, median in medians.items():
        print(f"{name:12} {median:7.3f} s")
    print(f"ratio {medians['pycocotools'] / medians['segdistill']:.1f}, the same twelve numbers (AP {expected[0]:.4f})")
