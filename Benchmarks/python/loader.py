"""The images per second of PyTorch's DataLoader with Pillow or OpenCV and torchvision, doing what LoaderBenchmark does.

    python loader.py DATA [--crop 360] [--batches 60] [--batch-size 16] [--workers 2] [--jitter] [--opencv]

DATA holds images/train/*.{jpg,png} and labels/train/*.png. Every image is decoded, scaled by 0.5 ... 2, padded and cropped,
mirrored half of the time, and with --jitter changed in colour; labels likewise. Prints one JSON object.
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


class Folder(Dataset):
    def __init__(self, root: pathlib.Path, crop: int, jitter: bool, opencv: bool):
        self.images = sorted(path for path in (root / "images/train").iterdir() if path.suffix in (".jpg", ".png"))
        self.labels = [root / "labels/train" / (image.stem + ".png") for image in self.images]
        self.crop = crop
        self.jitter = v2.ColorJitter(brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1) if jitter else None
        self.opencv = opencv

    def __len__(self) -> int:
        return len(self.images)

    def decode(self, index: int):
        if self.opencv:
            import cv2

            image = cv2.cvtColor(cv2.imread(str(self.images[index])), cv2.COLOR_BGR2RGB)
            label = cv2.imread(str(self.labels[index]), cv2.IMREAD_UNCHANGED)
            return torch.from_numpy(image).permute(2, 0, 1), torch.from_numpy(label)[None]
        image = Image.open(self.images[index]).convert("RGB")
        label = Image.open(self.labels[index])
        label.load()
        return image, label

    def __getitem__(self, index: int):
        image, label = self.decode(index)
        height, width = F.get_size(image)
        scale = random.uniform(0.5, 2.0)
        size = [round(height * scale), round(width * scale)]
        image = F.resize(image, size, InterpolationMode.BILINEAR)
        label = F.resize(label, size, InterpolationMode.NEAREST)
        right, bottom = max(0, self.crop - size[1]), max(0, self.crop - size[0])
        if right or bottom:
            image = F.pad(image, [0, 0, right, bottom], fill=[124, 116, 104])
            label = F.pad(label, [0, 0, right, bottom], fill=255)
        top = random.randint(0, size[0] + bottom - self.crop)
        left = random.randint(0, size[1] + right - self.crop)
        image, label = F.crop(image, top, left, self.crop, self.crop), F.crop(label, top, left, self.crop, self.crop)
        if random.random() < 0.5:
            image, label = F.horizontal_flip(image), F.horizontal_flip(label)
        if self.jitter:
            image = self.jitter(image)
        return F.to_image(image), F.to_image(label)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--crop", type=int, default=360)
    parser.add_argument("--batches", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jitter", action="store_true")
    parser.add_argument("--opencv", action="store_true")
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    if arguments.opencv:
        import cv2

        cv2.setNumThreads(1)
    data = Folder(arguments.data, arguments.crop, arguments.jitter, arguments.opencv)
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
    assert images.shape == (arguments.batch_size, 3, arguments.crop, arguments.crop) and labels.dtype == torch.uint8
    del stream, loader

    count = min(len(data), 100)
    start = time.perf_counter()
    for index in range(count):
        data.decode(index)
    decoding = time.perf_counter() - start
    print(json.dumps({
        "images_per_second": arguments.batches * arguments.batch_size / seconds, "decoded_per_second": count / decoding,
    }))


if __name__ == "__main__":
    main()
