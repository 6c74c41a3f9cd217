"""Writes Tests/SegEvalTests/Fixtures/semantic.json: semantic metrics of random label maps by SciPy's morphology, class by class.

python3 scripts/reference/metrics.py      (needs numpy and scipy)

Nothing here is fast or shared between classes: every mask is eroded, dilated and labelled on its own.
"""

import json
from pathlib import Path

import numpy as np
import scipy
from scipy import ndimage

IGNORE = 255
SEED = 20261121
random = np.random.default_rng(SEED)
EIGHT = np.ones((3, 3), bool)
FOUR = ndimage.generate_binary_structure(2, 1)


def blobs(height, width, classes):
    """A label map of smooth regions."""
    size = random.uniform(0.5, 4)
    return np.argmax([ndimage.gaussian_filter(random.normal(size=(height, width)), size) for _ in range(classes)], 0)


def case(number):
    large = number % 48 == 19
    height, width = random.integers(60, 150, 2) if large else random.integers(1, 25, 2)
    classes = int(random.integers(1, 7))
    kind = number % 6
    if kind == 0:
        truth = random.integers(0, classes, (height, width))
    elif kind == 1:
        truth = np.full((height, width), random.integers(classes))
    else:
        truth = blobs(height, width, classes)
    prediction = truth.copy()
    if kind in (1, 2):
        prediction = blobs(height, width, classes)
    elif kind in (3, 4):
        shift = random.integers(-3, 4, 2)
        prediction = np.roll(prediction, shift, (0, 1))
    if kind in (3, 5):
        noise = random.random((height, width)) < random.choice([0.02, 0.2])
        prediction[noise] = random.integers(0, classes, noise.sum())
    if kind == 4:
        hole = blobs(height, width, 4) == 0
        truth[hole] = IGNORE
    if number % 7 == 0:
        truth[random.random((height, width)) < 0.1] = IGNORE
    if number % 11 == 0:  # values that are no class
        beyond = random.random((height, width)) < 0.1
        prediction[beyond] = random.choice([classes, 200, IGNORE], beyond.sum())
    if number % 40 == 13:
        truth[:] = IGNORE
    width_px = int(random.integers(30, 50)) if large else int(random.integers(1, 6))
    tolerance = int(random.integers(30, 70)) if large else int(random.integers(1, 5))
    return truth.astype(np.uint8), prediction.astype(np.uint8), classes, width_px, tolerance


def inner_band(mask, width):
    """Cheng et al. (2021): the mask without its erosion by a 3×3 square, `width` times; what lies outside of the image is no mask."""
    return mask & ~ndimage.binary_erosion(mask, EIGHT, iterations=width, border_value=0)


def contour(mask):
    """Perazzi et al. (2016), seg2bmap at the mask's own size."""
    east, south, diagonal = np.zeros_like(mask), np.zeros_like(mask), np.zeros_like(mask)
    east[:, :-1], south[:-1], diagonal[:-1, :-1] = mask[:, 1:], mask[1:], mask[1:, 1:]
    result = (mask ^ east) | (mask ^ south) | (mask ^ diagonal)
    result[-1] = mask[-1] ^ east[-1]
    result[:, -1] = mask[:, -1] ^ south[:, -1]
    result[-1, -1] = False
    return result


def f_measure(prediction, truth, radius):
    x, y = np.meshgrid(np.arange(-radius, radius + 1), np.arange(-radius, radius + 1))
    disc = x * x + y * y <= radius * radius
    found, real = contour(prediction), contour(truth)
    hits = (found & ndimage.binary_dilation(real, disc)).sum()
    recalled = (real & ndimage.binary_dilation(found, disc)).sum()
    if not found.any() and real.any():
        precision, recall = 1.0, 0.0
    elif found.any() and not real.any():
        precision, recall = 0.0, 1.0
    elif not found.any():
        precision, recall = 1.0, 1.0
    else:
        precision, recall = hits / found.sum(), recalled / real.sum()
    return 0.0 if precision + recall == 0 else 2 * precision * recall / (precision + recall)


def holes(mask):
    outside = ~np.pad(mask, 1)
    return ndimage.label(outside, FOUR)[1] - 1


def connectivity(prediction, truth):
    regions, count = ndimage.label(truth, EIGHT)
    parts = [ndimage.label((regions == region) & prediction, EIGHT)[1] for region in range(1, count + 1)]
    components, predicted = ndimage.label(prediction, EIGHT)
    spurious = sum(1 for component in range(1, predicted + 1) if not truth[components == component].any())
    return {
        "regions": count, "surplus": sum(part - 1 for part in parts if part), "missed": sum(1 for part in parts if not part),
        "components": predicted, "spurious": spurious, "trueHoles": holes(truth), "predictedHoles": holes(prediction),
    }


def tally(masks):
    """Intersection, truth, predicted of pairs (prediction, truth), one a class."""
    return [[int((a & b).sum()), int(b.sum()), int(a.sum())] for a, b in masks]


def expected(truth, prediction, classes, width, tolerance):
    valid = truth != IGNORE
    masks = [((prediction == label) & valid, truth == label) for label in range(classes)]
    confusion = [
        [int(((truth == label) & (prediction == guess)).sum()) for guess in range(classes)]
        + [int(((truth == label) & (prediction >= classes)).sum())]
        for label in range(classes)
    ]
    trimaps = []
    for radius in (1, 3, 5):
        size = 2 * radius + 1
        band = ndimage.maximum_filter(truth, size, mode="nearest") != ndimage.minimum_filter(truth, size, mode="nearest")
        trimaps.append(tally([(a & band, b & band) for a, b in masks]))
    return {
        "confusion": confusion,
        "boundary": tally([(inner_band(a, width), inner_band(b, width)) for a, b in masks]),
        "f1": [f_measure(a, b, tolerance) if a.any() or b.any() else None for a, b in masks],
        "trimap": trimaps,
        "connectivity": [connectivity(a, b) for a, b in masks],
    }


def runs(labels):
    """Row by row, value × length."""
    flat = labels.ravel()
    starts = np.flatnonzero(np.r_[True, flat[1:] != flat[:-1]])
    lengths = np.diff(np.r_[starts, flat.size])
    return [int(number) for pair in zip(flat[starts], lengths) for number in pair]


cases = []
for number in range(240):
    truth, prediction, classes, width, tolerance = case(number)
    cases.append(
        {
            "width": truth.shape[1], "height": truth.shape[0], "classes": classes, "band": width, "tolerance": tolerance,
            "truth": runs(truth), "prediction": runs(prediction), **expected(truth, prediction, classes, width, tolerance),
        }
    )
target = Path(__file__).parents[2] / "Tests/SegEvalTests/Fixtures/semantic.json"
target.parent.mkdir(exist_ok=True)
note = {"script": "scripts/reference/metrics.py", "seed": SEED, "numpy": np.__version__, "scipy": scipy.__version__}
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
target.write_text(f'{{"note": {json.dumps(note)}, "cases": [\n{lines}\n]}}\n')
print(f"{target}: {len(cases)} cases, {target.stat().st_size // 1024} KiB")
