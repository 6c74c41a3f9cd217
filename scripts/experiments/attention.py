#!/usr/bin/env python3
"""What the feature head of a run of scripts/experiments/generalization has learnt: how sharp its attention is, and how much of the teacher it explains.

    attention.py SEGDISTILL RUN [--images 8]

RUN is the folder of one arm (gkd, linear or mse), from the folder in which it was trained; PyTorch, safetensors, NumPy and Pillow are needed.
Images are the first of IDD-Lite's validation split, 224×320. Both networks are run by `segdistill parity model`; what stands between them is computed here.
"""
import argparse
import math
import subprocess
import tempfile
from pathlib import Path

import numpy
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file

TEACHER = "../shared/weights/efficientnet-lite0/efficientnet-lite0-57934424.safetensors"
NORMALIZATION = {"efficientnet-lite0": ([0.5] * 3, [0.5] * 3), "mobilenetv2-w0.5": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])}


def tokens(program: str, model: str, weights: str, images: torch.Tensor) -> torch.Tensor:
    """B×N×C: the network's last map."""
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in NORMALIZATION[model])
    with tempfile.TemporaryDirectory() as folder:
        given, found = f"{folder}/in.safetensors", f"{folder}/out.safetensors"
        save_file({"image": ((images - mean) / std).contiguous()}, given)
        command = [program, "parity", "model", model, "--weights", weights, "--input", given, "--output", found]
        subprocess.run(command, check=True, capture_output=True)
        return load_file(found)["stage4"].flatten(2).transpose(1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("segdistill")
    parser.add_argument("run", type=Path)
    parser.add_argument("--images", type=int, default=8)
    arguments = parser.parse_args()
    files = sorted(Path("../shared/data/idd-lite").rglob("val/**/*.jpg"))[: arguments.images]
    pixels = [numpy.array(Image.open(file).convert("RGB").resize((320, 224), Image.BILINEAR)) for file in files]
    images = torch.stack([torch.from_numpy(image).permute(2, 0, 1) / 255 for image in pixels])
    last = arguments.run / "encoder/checkpoints/last"
    t = tokens(arguments.segdistill, "efficientnet-lite0", TEACHER, images)
    s = tokens(arguments.segdistill, "mobilenetv2-w0.5", str(last / "model.safetensors"), images)
    heads = {name: tensor for name, tensor in load_file(last / "training.safetensors").items() if name.startswith("methods.")}

    def tensor(suffix: str) -> torch.Tensor:
        return next(value for name, value in heads.items() if name.endswith(suffix))

    def branch(name: str) -> torch.Tensor:
        normed = F.layer_norm(s, s.shape[-1:], tensor(f"feature.{name}Norm.weight"), tensor(f"feature.{name}Norm.bias"))
        return F.linear(normed, tensor(f"feature.{name}.weight"), tensor(f"feature.{name}.bias"))

    variance = (t - t.mean((0, 1))).square().mean()
    explained = lambda output: f"{100 * (1 - (output - t).square().mean() / variance):.1f} %"
    if any("fitnet" in name for name in heads):
        print("of the teacher's variance explained:", explained(F.linear(s, tensor("weight").flatten(1), tensor("bias"))))
        return
    values = branch("value")
    if any("query" in name for name in heads):
        products = branch("query") @ t.transpose(1, 2)
        shares = products.softmax(-1)
        used = [len(set(image.argmax(-1).tolist())) for image in shares]
        entropy = -(shares * shares.clamp(min=1e-12).log()).sum(-1).mean()
        print(f"attention: largest share {shares.max(-1).values.mean():.2f}, entropy {entropy:.2f} of {math.log(shares.shape[-1]):.2f};",
              f"the largest go to {min(used)} to {max(used)} of {shares.shape[-1]} tokens")
        print("the student's own tokens, mapped, explain", explained(values))
        values = shares @ values
    print("of the teacher's variance explained:", explained(values))


if __name__ == "__main__":
    main()
