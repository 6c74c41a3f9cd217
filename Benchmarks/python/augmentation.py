"""Milliseconds of processor time of torchvision's photometric steps on a uint8 tensor of 3×512×512, one thread; AugmentationBenchmark asks.

Reads a step's name a line and prints the median time of 21 calls. Needs torch and torchvision.
"""

import statistics
import sys
import time

import torch
from torchvision.transforms.v2 import functional as F

STEPS = {
    "brightness": lambda image: F.adjust_brightness(image, 1.3),
    "contrast": lambda image: F.adjust_contrast(image, 1.3),
    "saturation": lambda image: F.adjust_saturation(image, 1.3),
    "hue": lambda image: F.adjust_hue(image, 0.1),
    "posterize": lambda image: F.posterize(image, 5),
    "solarize": lambda image: F.solarize(image, 180),
    "autocontrast": F.autocontrast,
    "equalize": F.equalize,
    "sharpness": lambda image: F.adjust_sharpness(image, 1.5),
    # Three standard deviations to each side, as ours.
    "blur": lambda image: F.gaussian_blur(image, [7, 7], [1.0, 1.0]),
}


def main():
    torch.set_num_threads(1)
    index = torch.arange(512 * 512 * 3)
    image = (index // 7 + index // 1536 * 3).to(torch.uint8).reshape(512, 512, 3).permute(2, 0, 1).contiguous()
    for line in sys.stdin:
        step = STEPS[line.strip()]
        times = []
        for _ in range(21):
            start = time.thread_time()
            step(image)
            times.append(time.thread_time() - start)
        print(statistics.median(times) * 1000, flush=True)


if __name__ == "__main__":
    main()
