"""The images per second of PyTorch's DataLoader with Pillow and torchvision, doing what LoaderBenchmark does.

    python loader.py CAMVID [--batches 60] [--workers 2]

CAMVID holds images/train/*.jpg and labels/train/*.png. Every image is decoded, scaled by 0.5 ... 2, padded and cropped to
360×360, mirrored half of the time and changed in colour; labels likewise. Prints one JSON object.
"""

import argparse
import json
import pathlib
import random
import time

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms.v2 import functional as F

CROP = 360


class CamVid(Dataset):
    def __init__(self, root: pathlib.Path):
        self.images = sorted((root / "images/train").glob("*.jpg"))
        self.labels = [root / "labels/train" / (image.stem + ".png") for image in self.images]
        self.jitter = v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int):
        image = Image.open(self.images[index]).convert("RGB")
        label = Image.open(self.labels[index])
        scale = random.uniform(0.5, 2.0)
        size = [round(image.height * scale), round(image.width * scale)]
        image = F.resize(image, size, InterpolationMode.BILINEAR)
        label = F.resize(label, size, InterpolationMode.NEAREST)
        right, bottom = max(0, CROP - size[1]), max(0, CROP - size[0])
        if right or bottom:
            image = F.pad(image, [0, 0, right, bottom], fill=[124, 116, 104])
            label = F.pad(label, [0, 0, right, bottom], fill=255)
        top, left = random.randint(0, image.height - CROP), random.randint(0, image.width - CROP)
        image, label = F.crop(image, top, left, CROP, CROP), F.crop(label, top, left, CROP, CROP)
        if random.random() < 0.5:
            image, label = F.horizontal_flip(image), F.horizontal_flip(label)
        return F.pil_to_tensor(self.jitter(image)), F.pil_to_tensor(label)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("camvid", type=pathlib.Path)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()

    data = CamVid(arguments.camvid)
    loader = DataLoader(
        data, arguments.batch_size, shuffle=True, num_workers=arguments.workers, drop_last=True, persistent_workers=True
    )

    def batches():
        while True:
            yield from loader

    stream = batches()
    # The first batches pay for starting the workers.
    for _ in range(4):
        next(stream)
    start = time.perf_counter()
    for _ in range(arguments.batches):
        images, labels = next(stream)
    seconds = time.perf_counter() - start
    assert images.shape == (arguments.batch_size, 3, CROP, CROP) and labels.dtype == torch.uint8
    rate = arguments.batches * arguments.batch_size / seconds
    print(json.dumps({"loader": "PyTorch", "images_per_second": round(rate, 1), "workers": arguments.workers}))


if __name__ == "__main__":
    main()
