"""Writes Tests/VisionTests/Fixtures/augmentation.json: what torchvision makes of small images, and RandAugment's steps by magnitude.

Needs numpy, torch 2.11 and torchvision 0.26. Run from the repository's root:
    python scripts/reference/augmentation.py
"""

import base64
import colorsys
import json
import math
import pathlib

import numpy as np
import torch
import torchvision
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F

FILE = pathlib.Path("Tests/VisionTests/Fixtures/augmentation.json")
SEED = 11
random = np.random.default_rng(SEED)


def picture(width: int, height: int) -> np.ndarray:
    """Smooth colour of little contrast, an edge, and noise."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [x * 120 / width + 40, y * 140 / height + 30, (x + y) * 90 / (width + height) + 60]
    image = np.stack(channels, -1)
    image[height // 3 : height // 2, width // 4 : width // 2] = (230, 35, 45)
    image += random.normal(0, 8, image.shape)
    return image.clip(12, 240).astype(np.uint8)


def array(values: np.ndarray) -> dict:
    values = np.ascontiguousarray(values)
    pixels = base64.b64encode(values.tobytes()).decode()
    return {"width": values.shape[1], "height": values.shape[0], "pixels": pixels}


def image_of(tensor: torch.Tensor) -> np.ndarray:
    return tensor.permute(1, 2, 0).numpy()


def vividness(image: np.ndarray, factor: float) -> np.ndarray:
    """mmsegmentation's `saturation` of PhotoMetricDistortion, with the HSV of Python's standard library in place of OpenCV's."""
    result = np.empty(image.shape)
    for place in np.ndindex(image.shape[:2]):
        h, s, v = colorsys.rgb_to_hsv(*(image[place] / 255))
        result[place] = colorsys.hsv_to_rgb(h, min(s * factor, 1), v)
    return (result * 255).round().astype(np.uint8)


def steps(source: np.ndarray) -> list:
    tensor = torch.from_numpy(source).permute(2, 0, 1)

    def blur(image, sigma):
        return F.gaussian_blur(image, [2 * math.ceil(3 * sigma) + 1] * 2, [sigma, sigma])

    functions = {
        "posterize": (F.posterize, [1, 4, 7, 8]),
        "solarize": (F.solarize, [0.0, 97.5, 178.5, 255.0]),
        "autocontrast": (lambda image, _: F.autocontrast(image), [0.0]),
        "equalize": (lambda image, _: F.equalize(image), [0.0]),
        "sharpness": (F.adjust_sharpness, [0.0, 0.6, 1.0, 1.9]),
        "blur": (blur, [0.15, 0.8, 1.7, 3.0]),
    }
    cases = []
    for name, (function, amounts) in functions.items():
        for amount in amounts:
            cases.append({"step": name, "amount": amount, "expected": array(image_of(function(tensor, amount)))})
    for amount in [-32.0, 17.4]:
        # mmcv's `convert(img, beta=…)`
        moved = (source.astype(np.float32) + amount).clip(0, 255).astype(np.uint8)
        cases.append({"step": "offset", "amount": amount, "expected": array(moved)})
    for amount in [0.0, 0.5, 1.5, 4.0]:
        cases.append({"step": "vividness", "amount": amount, "expected": array(vividness(source, amount))})
    return cases


def warps(source: np.ndarray, labels: np.ndarray) -> list:
    """torchvision's geometric steps of RandAugment at magnitudes of 30 bins, and the area that they map onto the whole image."""
    image = torch.from_numpy(source).permute(2, 0, 1)
    label = torch.from_numpy(labels)[None]
    cases = []
    for name, amount in [("ShearX", 0.3), ("ShearY", -0.21), ("TranslateX", 7), ("TranslateY", -4), ("Rotate", 28.0), ("Rotate", -12.5)]:
        apply = v2.RandAugment()._apply_image_or_video_transform

        def run(value, mode, fill):
            return apply(value, name, amount, interpolation=mode, fill={type(value): fill})

        smooth = run(image, InterpolationMode.BILINEAR, [10.0, 20.0, 30.0])
        # 255 where all four pixels that are mixed lie inside the image.
        whole = run(torch.full_like(image[:1], 255), InterpolationMode.BILINEAR, [0.0])
        nearest = run(label, InterpolationMode.NEAREST, [255.0])
        cases.append(
            {
                "step": name,
                "amount": amount,
                "image": array(image_of(smooth)),
                "inside": array((whole[0] == 255).numpy().astype(np.uint8)),
                "labels": array(nearest[0].numpy()),
            }
        )
    return cases


def magnitudes() -> list:
    """What a magnitude means for each of RandAugment's operations, on an image of 60 × 40."""
    cases = []
    for name, (make, signed) in v2.RandAugment._AUGMENTATION_SPACE.items():
        for magnitude in [0, 9, 30]:
            values = make(31, 40, 60)
            value = float(values[magnitude]) if values is not None else 0.0
            cases.append({"step": name, "magnitude": magnitude, "amount": value, "signed": signed})
    return cases


def main():
    source = picture(31, 23)
    labels = random.integers(0, 11, (23, 31)).astype(np.uint8)
    content = {
        "versions": {"seed": SEED, "torch": torch.__version__, "torchvision": torchvision.__version__},
        "image": array(source),
        "labels": array(labels),
        "steps": steps(source),
        "warps": warps(source, labels),
        "magnitudes": magnitudes(),
    }
    FILE.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
