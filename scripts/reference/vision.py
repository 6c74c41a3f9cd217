"""Writes Tests/VisionTests/Fixtures: what Pillow, torch and torchvision make of small images.

Needs pillow, numpy, torch 2.11 and torchvision 0.26. Run from the repository's root:
    python scripts/reference/vision.py
"""

import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision.transforms.v2 import functional as F

FOLDER = pathlib.Path("Tests/VisionTests/Fixtures")
random = np.random.default_rng(7)


def text(data) -> str:
    return base64.b64encode(bytes(data)).decode()


def picture(width: int, height: int) -> np.ndarray:
    """Smooth colour, an edge, and noise: what real pictures are made of."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [x * 200 / width + 20, y * 220 / height + 10, (x + y) * 128 / (width + height) + 60]
    image = np.stack(channels, -1)
    image[height // 3 : height // 2, width // 4 : width // 2] = (250, 30, 5)
    image += random.normal(0, 12, image.shape)
    return image.clip(0, 255).astype(np.uint8)


def array(values: np.ndarray) -> dict:
    values = np.ascontiguousarray(values)
    return {"width": values.shape[1], "height": values.shape[0], "pixels": text(values.tobytes())}


def adam7(values: np.ndarray, depth: int, color: int, palette=None) -> bytes:
    """An interlaced PNG, which Pillow cannot write."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x, y, dx, dy in passes:
        for row in values[y::dy, x::dx]:
            if row.size:
                raw += b"\0" + (row.astype(">u2").tobytes() if depth == 16 else row.tobytes())

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], depth, color, 0, 0, 1)
    extra = chunk(b"PLTE", palette) if palette else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def saved(image: Image.Image, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def codecs() -> dict:
    rgb = Image.fromarray(picture(19, 13))
    grey = rgb.convert("L")
    images = {
        "rgb.jpg": saved(rgb, format="JPEG", quality=90),
        "progressive.jpg": saved(rgb, format="JPEG", quality=90, progressive=True),
        "grey.jpg": saved(grey, format="JPEG", quality=90),
        "cmyk.jpg": saved(rgb.convert("CMYK"), format="JPEG", quality=95),
        "rgb.png": saved(rgb, format="PNG"),
        "grey.png": saved(grey, format="PNG"),
        "one-bit.png": saved(grey.convert("1"), format="PNG"),
        "palette.png": saved(rgb.quantize(11), format="PNG"),
        "alpha.png": saved(Image.merge("RGBA", (*rgb.split(), grey)), format="PNG"),
        "grey-alpha.png": saved(Image.merge("LA", (grey, grey)), format="PNG"),
        "interlaced.png": adam7(np.asarray(rgb), 8, 2),
        "rgb16.png": adam7(np.asarray(rgb).astype(np.uint16) * 256 + 77, 16, 2),
    }
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        images[f"orientation{orientation}.jpg"] = saved(rgb, format="JPEG", quality=90, exif=exif)
        images[f"orientation{orientation}.png"] = saved(rgb, format="PNG", exif=exif)
    cases = []
    for name, data in images.items():
        decoded = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        cases.append({"name": name, "file": text(data), "expected": array(np.asarray(decoded))})

    indices = random.integers(0, 11, (13, 19)).astype(np.uint8)
    indices[3, 4] = 255
    wide = random.integers(0, 40000, (13, 19)).astype(np.uint16)
    palette = random.integers(0, 256, 768).astype(np.uint8).tobytes()
    indexed = Image.fromarray(indices, "P")
    indexed.putpalette(palette)
    small = (indices % 4).astype(np.uint8)
    four = Image.fromarray(small, "P")
    four.putpalette(palette[:12])
    bits = (indices % 2).astype(bool)
    labels = [
        ("grey8", saved(Image.fromarray(indices), format="PNG"), indices),
        ("palette8", saved(indexed, format="PNG"), indices),
        ("palette2", saved(four, format="PNG", bits=2), small),
        ("palette4", saved(four, format="PNG", bits=4), small),
        ("grey1", saved(Image.fromarray(bits), format="PNG"), bits),
        ("interlaced", adam7(indices, 8, 3, palette), indices),
        ("grey16", saved(Image.fromarray(wide), format="PNG"), wide),
        ("interlaced16", adam7(wide, 16, 0), wide),
    ]
    values = [{"name": n, "file": text(d), "width": 19, "height": 13, "values": v.astype(int).ravel().tolist()} for n, d, v in labels]
    return {"images": cases, "labels": values}


def resizing() -> dict:
    source = picture(37, 29)
    labels = random.integers(0, 11, (29, 37)).astype(np.uint8)
    tensor = torch.from_numpy(source).permute(2, 0, 1)[None].float()
    label_tensor = torch.from_numpy(labels)[None, None].float()
    cases = []
    for width, height in [(12, 9), (61, 47), (37, 15), (20, 58), (36, 28), (1, 1), (111, 87)]:
        plain = torch.nn.functional.interpolate(tensor, (height, width), mode="bilinear", align_corners=False)
        nearest = torch.nn.functional.interpolate(label_tensor, (height, width), mode="nearest-exact")
        pillow_nearest = np.asarray(Image.fromarray(labels).resize((width, height), Image.NEAREST))
        assert (pillow_nearest == nearest[0, 0].numpy()).all()
        cases.append(
            {
                "antialiased": array(np.asarray(Image.fromarray(source).resize((width, height), Image.BILINEAR))),
                "plain": array(plain[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()),
                "nearest": array(pillow_nearest),
            }
        )
    return {"image": array(source), "labels": array(labels), "cases": cases}


def jitter() -> dict:
    source = picture(23, 17)
    tensor = torch.from_numpy(source).permute(2, 0, 1)
    functions = {
        "brightness": (F.adjust_brightness, [0.0, 0.55, 1.0, 1.6]),
        "contrast": (F.adjust_contrast, [0.0, 0.4, 1.7]),
        "saturation": (F.adjust_saturation, [0.0, 0.3, 1.9]),
        "hue": (F.adjust_hue, [-0.5, -0.18, 0.07, 0.35]),
    }
    cases = []
    for name, (function, amounts) in functions.items():
        for amount in amounts:
            result = function(tensor, amount).permute(1, 2, 0).numpy()
            cases.append({"step": name, "amount": amount, "expected": array(result)})
    return {"image": array(source), "cases": cases}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in {"codecs": codecs(), "resize": resizing(), "jitter": jitter()}.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(content) + "\n")
