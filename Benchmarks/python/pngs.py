"""Writes PNGs of 2048×1024 with label PNGs of that size, made from CamVid's, for LoaderBenchmark.

    python pngs.py CAMVID OUT [--count 32]

An image is a CamVid image, cut to 2:1 and enlarged, with the noise of a camera, so that the files have the size of Cityscapes'
(about 2.3 MB). Writes OUT/images/train/*.png and OUT/labels/train/*.png. Seed 0.
"""

import argparse
import pathlib

import numpy as np
from PIL import Image

SIZE = (2048, 1024)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("camvid", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=32)
    arguments = parser.parse_args()

    random = np.random.default_rng(0)
    images = sorted((arguments.camvid / "images/train").glob("*.jpg"))[:: 367 // arguments.count][: arguments.count]
    for kind in ("images", "labels"):
        (arguments.out / kind / "train").mkdir(parents=True, exist_ok=True)
    for path in images:
        image = Image.open(path).convert("RGB")
        labels = Image.open(arguments.camvid / "labels/train" / (path.stem + ".png"))
        box = (0, (image.height - image.width // 2) // 2, image.width, (image.height + image.width // 2) // 2)
        pixels = np.asarray(image.resize(SIZE, Image.BICUBIC, box)).astype(np.float32)
        pixels += random.normal(0, 1.2, pixels.shape[:2])[..., None]
        name = path.stem + ".png"
        Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8)).save(arguments.out / "images/train" / name)
        labels.resize(SIZE, Image.NEAREST, box).save(arguments.out / "labels/train" / name)


if __name__ == "__main__":
    main()
