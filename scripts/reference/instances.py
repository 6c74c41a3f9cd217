"""Writes Tests/SegEvalTests/Fixtures/instances.json: random objects and detections with the scores that pycocotools, cityscapesScripts
and panopticapi's code (as cityscapesScripts ships it) give them.

Needs pycocotools (2.0.11), cityscapesScripts (2.3.0), numpy, scipy and pillow. Run from the repository's root:
    python scripts/reference/instances.py
"""

import contextlib
import importlib.metadata
import io
import json
import os
import pathlib
import tempfile

import numpy as np
from PIL import Image
from pycocotools import mask as coco
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from scipy import ndimage

if not hasattr(np, "in1d"):  # gone from NumPy 2.4, which cityscapesScripts 2.3.0 does not know
    np.in1d = np.isin

from cityscapesscripts.evaluation import evalInstanceLevelSemanticLabeling as cityscapes
from cityscapesscripts.evaluation import evalPanopticSemanticLabeling as panoptic

SEED = 23
random = np.random.default_rng(SEED)


def encode(mask: np.ndarray) -> dict:
    rle = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": rle["size"], "counts": rle["counts"].decode()}


def shape(width: int, height: int, box=None) -> np.ndarray:
    """A rectangle or ellipse, sometimes empty; near `box` where one is given."""
    y, x = np.mgrid[0:height, 0:width]
    if box is None:
        w, h = (int(value) for value in random.integers(1, max(2, min(width, height)), 2))
        left, top = int(random.integers(0, width)), int(random.integers(0, height))
    else:
        left, top, w, h = (int(value + random.integers(-1, 2)) for value in box)
    if random.random() < 0.5:
        return (x >= left) & (x < left + w) & (y >= top) & (y < top + h)
    return ((x - left - w / 2) / max(w, 1)) ** 2 + ((y - top - h / 2) / max(h, 1)) ** 2 <= 0.25


def coco_case() -> dict:
    """Ids with gaps and out of order, crowds, empty images and categories, equal scores, declared areas on both sides of the limits."""
    images = [
        {"id": int(i), "width": int(random.integers(8, 40)), "height": int(random.integers(8, 40)), "file_name": f"{i}.jpg"}
        for i in random.permutation(50)[: random.integers(1, 5)]
    ]
    categories = [{"id": int(i), "name": f"class {i}"} for i in random.permutation(20)[: random.integers(1, 4)]]
    annotations, results = [], []
    with_boxes = random.random() < 0.6
    areas = [3, 900, 1024, 1024.5, 5000, 9216, 9217, 40000, 1e10]
    many = random.random() < 0.03
    for image in images:
        size = image["width"], image["height"]
        for _ in range(random.integers(0, 6)):
            mask = encode(shape(*size))
            box = coco.toBbox(mask).tolist()
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image["id"],
                    "category_id": categories[random.integers(len(categories))]["id"],
                    "segmentation": mask,
                    "area": float(random.choice(areas)) if random.random() < 0.7 else int(coco.area(mask)),
                    "bbox": box,
                    "iscrowd": int(random.random() < 0.15),
                }
            )
        own = [item for item in annotations if item["image_id"] == image["id"]]
        for _ in range(110 if many else random.integers(0, 12)):
            near = own[random.integers(len(own))] if own and random.random() < 0.8 else None
            mask = encode(shape(*size, near["bbox"] if near else None))
            category = near["category_id"] if near and random.random() < 0.8 else categories[random.integers(len(categories))]["id"]
            item = {"image_id": image["id"], "category_id": int(category), "segmentation": mask}
            if with_boxes:
                item["bbox"] = coco.toBbox(mask).tolist()
                if random.random() < 0.3:
                    item["bbox"][2] *= 40
            item["score"] = round(float(random.integers(1, 10)) / 10, 1)
            results.append(item)
    random.shuffle(results)
    return {"images": images, "categories": categories, "annotations": annotations, "results": [dict(item) for item in results]}


def erode(mask: np.ndarray, distance: int) -> np.ndarray:
    padded = np.pad(mask, distance)
    return ndimage.binary_erosion(padded, np.ones((2 * distance + 1,) * 2))[distance:-distance, distance:-distance]


class BoundaryEval(COCOeval):
    """Boundary AP as Cheng et al. define it, on top of pycocotools."""

    def computeIoU(self, image, category):
        truths, found = self._gts[image, category], self._dts[image, category]
        overlaps = super().computeIoU(image, category)
        if not truths or not found:
            return overlaps
        order = np.argsort([-item["score"] for item in found], kind="mergesort")[: self.params.maxDets[-1]]

        def boundary(item):
            mask = coco.decode(item["segmentation"]).astype(bool)
            distance = max(1, int(round(0.02 * np.sqrt(mask.shape[0] ** 2 + mask.shape[1] ** 2))))
            return coco.encode(np.asfortranarray(mask & ~erode(mask, distance)).astype(np.uint8))

        crowd = [int(item["iscrowd"]) for item in truths]
        outlines = coco.iou([boundary(found[i]) for i in order], [boundary(item) for item in truths], crowd)
        return np.where(np.array(crowd) == 1, overlaps, np.minimum(overlaps, outlines))


def coco_scores(case: dict) -> dict:
    scores = {}
    for name, kind, evaluator in [("box", "bbox", COCOeval), ("mask", "segm", COCOeval), ("boundary", "segm", BoundaryEval)]:
        truth = COCO()
        truth.dataset = json.loads(json.dumps({key: case[key] for key in ["images", "categories", "annotations"]}))
        truth.createIndex()
        run = evaluator(truth, truth.loadRes(json.loads(json.dumps(case["results"]))), kind)
        run.evaluate()
        run.accumulate()
        run.summarize()
        precision = run.eval["precision"][:, :, :, 0, 2]
        classes = [float(precision[:, :, k].mean()) for k in range(precision.shape[2])]
        scores[name] = {"summary": [float(value) for value in run.stats], "classes": classes}
    return scores


def cityscapes_case(folder: pathlib.Path) -> dict:
    args = cityscapes.CArgs()
    args.__dict__.update(cityscapes.args.__dict__)
    args.quiet, args.JSONOutput, args.predictionPath = True, False, str(folder)
    args.gtInstancesFile = str(folder / "none.json")
    cityscapes.setInstanceLabels(args)
    images, truths, predictions = [], [], []
    for number in range(random.integers(1, 4)):
        width, height = (int(value) for value in random.integers(30, 60, 2))
        ids = np.full((height, width), int(random.choice([7, 3, 0, 23])), np.uint16)
        for _ in range(random.integers(1, 9)):
            label = int(random.choice([24, 26, 26, 33, 29, 5]))
            group = label < 24 or random.random() < 0.25
            ids[shape(width, height)] = label if group else label * 1000 + int(random.integers(0, 4))
        present = [int(value) for value in np.unique(ids)]
        found, lines = [], []
        for index in range(random.integers(0, 10)):
            value = int(random.choice(present))
            if random.random() < 0.75 and value >= 24:
                mask = ndimage.shift((ids == value).astype(np.uint8), random.integers(-2, 3, 2), order=0).astype(bool)
                label = value if value < 1000 else value // 1000
            else:
                mask, label = shape(width, height), int(random.choice([24, 26, 33, 7]))
            confidence = round(float(random.integers(1, 8)) / 8, 3)
            name = f"{number}_{index}.png"
            Image.fromarray(mask.astype(np.uint8) * 255).save(folder / name)
            lines.append(f"{name} {label} {confidence}\n")
            found.append({"label": label, "confidence": confidence, "mask": encode(mask)["counts"]})
        Image.fromarray(ids).save(folder / f"{number}_instanceIds.png")
        (folder / f"{number}.txt").write_text("".join(lines))
        truths.append(str(folder / f"{number}_instanceIds.png"))
        predictions.append(str(folder / f"{number}.txt"))
        segments = [{"value": value, "mask": encode(ids == value)["counts"]} for value in present]
        images.append({"width": width, "height": height, "truth": segments, "predictions": found})
    matches = cityscapes.matchGtWithPreds(predictions, truths, cityscapes.getGtInstances(truths, args), args)
    try:
        table = cityscapes.evaluateMatches(matches, args)
    except IndexError:  # the original fails when truths are there but every detection is ignored
        return {}
    with np.errstate(all="ignore"):
        averages = cityscapes.computeAverages(table, args)
    number = lambda value: None if np.isnan(value) else float(value)
    classes = {name: [number(item["ap"]), number(item["ap50%"])] for name, item in averages["classes"].items()}
    return {"images": images, "ap": number(averages["allAp"]), "ap50": number(averages["allAp50%"]), "classes": classes}


def panoptic_case(folder: pathlib.Path) -> dict:
    categories = [{"id": i, "name": f"class {i}", "isthing": int(i % 2)} for i in [1, 2, 3, 7]]
    images, pairs = [], []
    for number in range(random.integers(1, 4)):
        width, height = (int(value) for value in random.integers(6, 30, 2))
        truth = np.zeros((height, width), np.uint32)
        for _ in range(random.integers(1, 7)):
            truth[shape(width, height)] = int(random.choice([0, 1, 2, 300, 70000, 255]))
        predicted = truth.copy() if random.random() < 0.8 else np.zeros_like(truth)
        for _ in range(random.integers(0, 5)):
            predicted[shape(width, height)] = int(random.choice([0, 5, 66000, 2]))
        kind = {int(id): int(random.choice([1, 2, 3, 7])) for id in np.unique(np.concatenate([truth.ravel(), predicted.ravel()]))}
        sides = []
        for name, ids in [("truth", truth), ("prediction", predicted)]:
            segments = []
            for id in (int(value) for value in np.unique(ids) if value):
                category = kind[id] if random.random() < 0.9 else 1
                segments.append(
                    {
                        "id": id,
                        "category_id": category,
                        "area": int((ids == id).sum()),
                        "iscrowd": int(name == "truth" and random.random() < 0.15),
                        "mask": encode(ids == id)["counts"],
                    }
                )
            colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], -1).astype(np.uint8)
            Image.fromarray(colours).save(folder / f"{name}{number}.png")
            sides.append({"image_id": number, "file_name": f"{name}{number}.png", "segments_info": segments})
        pairs.append(tuple(json.loads(json.dumps(side)) for side in sides))
        images.append({"width": width, "height": height, "truth": sides[0]["segments_info"], "prediction": sides[1]["segments_info"]})
    by_id = {item["id"]: item for item in categories}
    counts = panoptic.pq_compute_single_core(0, pairs, str(folder), str(folder), by_id)
    scores = {}
    for name, things in [("all", None), ("things", True), ("stuff", False)]:
        try:
            average, classes = counts.pq_average(by_id, things)
            scores[name] = [float(average[key]) for key in ["pq", "sq", "rq"]]
        except ZeroDivisionError:
            scores[name] = None
    tallies = {str(i): [counts[i].tp, counts[i].fp, counts[i].fn] for i in by_id}
    return {"categories": categories, "images": images, "scores": scores, "tallies": tallies}


def plain(value):
    return value.item() if isinstance(value, np.generic) else value


cocos, cities, panoptics = [], [], []
with contextlib.redirect_stdout(io.StringIO()):
    while len(cocos) < 240:
        case = coco_case()
        if case["results"]:  # pycocotools fails on an empty list
            truth = json.dumps({key: case[key] for key in ["images", "annotations", "categories"]}, separators=(",", ":"), default=plain)
            results = json.dumps(case["results"], separators=(",", ":"), default=plain)
            cocos.append({"truth": truth, "results": results, "scores": coco_scores(case)})
    while len(cities) < 60:
        with tempfile.TemporaryDirectory() as folder:
            case = cityscapes_case(pathlib.Path(folder))
            if case:
                cities.append(case)
    for _ in range(60):
        with tempfile.TemporaryDirectory() as folder:
            panoptics.append(panoptic_case(pathlib.Path(folder)))

versions = {name: importlib.metadata.version(name) for name in ["pycocotools", "cityscapesScripts", "numpy", "scipy", "pillow"]}
text = json.dumps(
    {"seed": SEED, "versions": versions, "coco": cocos, "cityscapes": cities, "panoptic": panoptics}, separators=(",", ":"), default=plain)
pathlib.Path("Tests/SegEvalTests/Fixtures/instances.json").write_text(text + "\n")
